using Ringfence.Audit;
using Ringfence.Sandboxes;
using Ringfence.Secrets;

namespace Ringfence.Egress;

/// <summary>Whose tool configuration and secrets a run may draw on: the person's who started it, never the repository's.</summary>
/// <param name="Home">Their home folder.</param>
/// <param name="Variables">Their environment.</param>
public sealed record UserSide(string Home, IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>How long a command that prints a secret may take. Default 1 minute: a password manager may ask its user first.</summary>
    public TimeSpan CommandPatience { get; init; } = TimeSpan.FromMinutes(1);

    public static UserSide Current() => new(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? ""));
}

/// <summary>
/// A network policy made ready for one run: rules read, presets looked up, secrets fetched, and what the sandbox must be given for it. Made before
/// the sandbox starts; <see cref="Open"/> opens the door once the sandbox has its listeners.
/// </summary>
public sealed class EgressPlan : IDisposable
{
    private readonly EgressRules rules;
    private readonly EgressLimits limits;
    private readonly BrokeredSecrets secrets;
    private readonly RunAuthority? authority;

    private EgressPlan(EgressRules rules, EgressLimits limits, BrokeredSecrets secrets, RunAuthority? authority)
    {
        this.rules = rules;
        this.limits = limits;
        this.secrets = secrets;
        this.authority = authority;
    }

    /// <summary>Files to place in the sandbox: trust stores that hold the run's authority. Never its key.</summary>
    public IReadOnlyList<SandboxFile> Files => authority is null ? [] : TrustStores.FilesFor(authority);

    /// <summary>Environment for the sandbox: where the trust stores are, and each secret's placeholder under the secret's name.</summary>
    public IReadOnlyDictionary<string, string> SandboxEnvironment =>
        new Dictionary<string, string>(authority is null ? secrets.Environment : TrustStores.Environment.Concat(secrets.Environment));

    /// <summary>Give it to the run's recorder before the first fact.</summary>
    public SecretRedactor Redactor => secrets.Redactor;

    /// <summary>What <see cref="NetworkPolicy.Presets"/> may name.</summary>
    public static IReadOnlyCollection<string> PresetNames => EcosystemPresets.Names;

    /// <summary>The allow list with what the presets added, as the record shows it.</summary>
    public IReadOnlyList<string> Rules => [.. rules.All.Select(r => r.Text)];

    /// <summary>
    /// Reads the policy, asks the user's tools for the registries of its presets, and fetches its secrets. All errors at once; nothing is started
    /// in the repository.
    /// </summary>
    public static async Task<Result<EgressPlan>> PrepareAsync(NetworkPolicy policy, UserSide user, TimeProvider time, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var presets = await EcosystemPresets.ReadAsync(policy.Presets, user, cancellationToken);
        failures.AddRange(presets.Failures);

        var rules = EgressRules.Parse(policy with { Allow = [.. policy.Allow, .. presets.IsFailure ? [] : presets.Value] });
        failures.AddRange(rules.Failures);

        var secrets = await SecretBroker.FetchAsync(policy.Secrets, rules.IsFailure ? EgressRules.DenyAll : rules.Value, user, cancellationToken);
        failures.AddRange(secrets.Failures.Where(f => !rules.IsFailure || f.Code != SecretBroker.HostNotAllowed));

        if (failures.Count > 0)
        {
            return Result.Fail<EgressPlan>(failures);
        }

        // A run that may reach nothing gets no authority: there is nothing to open, and nothing to trust.
        var needed = policy.Learn || rules.Value.All.Count > 0;
        return new EgressPlan(rules.Value, policy.Limits, secrets.Value, needed ? RunAuthority.Create(time) : null);
    }

    /// <summary>Opens the door of a sandbox that has one. The plan must outlive it; the door owns the sandbox's listeners.</summary>
    public EgressDoor Open(Sandbox sandbox, IRecorder recorder, TimeProvider time) => EgressDoor.Open(
        new EgressDoorOptions { Sandbox = sandbox.Name, Rules = rules, Limits = limits, Secrets = secrets, Authority = authority },
        [sandbox.EgressListener!, .. sandbox.MoreEgressListeners], sandbox.DnsSockets, sandbox.RefusedPackets, recorder, time);

    public void Dispose() => authority?.Dispose();
}
