using System.CommandLine;
using Ringfence.Egress;
using Ringfence.Secrets;

namespace Ringfence.App.Commands;

/// <summary>What may leave a sandbox, and with which secrets: the same flags for <c>run</c> and <c>sandbox</c>.</summary>
internal sealed class NetworkOptions
{
    private readonly Option<string[]> allow = new("--allow") { Description = "Host that may be reached: HOST, *.SUFFIX, either with :PORT. Repeatable. Default: none.", HelpName = "HOST" };
    private readonly Option<string[]> preset = new("--allow-preset") { Description = "Registries of an ecosystem as your own tools are configured: npm, nuget, pip, cargo, go, maven, apt. Repeatable.", HelpName = "NAME" };
    private readonly Option<string> network = new("--network") { Description = "deny: only what is allowed. learn: any public host, and the allow list to paste at the end.", HelpName = "deny|learn", DefaultValueFactory = _ => "deny" };
    private readonly Option<string[]> secret = new("--secret") { Description = "A secret that the egress door adds to requests; nothing inside ever has it. From the variable NAME unless said otherwise. Repeatable.", HelpName = "NAME[=env:VARIABLE|file:PATH|command:LINE]" };
    private readonly Option<string[]> secretHost = new("--secret-host") { Description = "Where the secret may go; with several secrets, one for each in the same order. Commas separate hosts.", HelpName = "HOST[,HOST]" };
    private readonly Option<string[]> secretHeader = new("--secret-header") { Description = "Header that carries it; with several secrets, one for each. Default: Authorization.", HelpName = "HEADER" };

    public IEnumerable<Option> All => [allow, preset, network, secret, secretHost, secretHeader];

    /// <summary>The policy; what is wrong with it is added to <paramref name="failures"/>.</summary>
    public NetworkPolicy Read(ParseResult parsed, List<Failure> failures)
    {
        var policy = new NetworkPolicy(parsed.GetValue(allow) ?? [], parsed.GetValue(network) == "learn")
        {
            Presets = parsed.GetValue(preset) ?? [],
            Secrets = Secrets(parsed, failures),
        };

        if (parsed.GetValue(network) is not ("deny" or "learn"))
        {
            failures.Add(new Failure("bad_network", $"--network cannot be '{parsed.GetValue(network)}'.", "One of: deny, learn."));
        }

        failures.AddRange(EgressRules.Parse(policy).Failures);
        return policy;
    }

    private IReadOnlyList<SecretGrant> Secrets(ParseResult parsed, List<Failure> failures)
    {
        var names = parsed.GetValue(secret) ?? [];
        var hosts = parsed.GetValue(secretHost) ?? [];
        var headers = parsed.GetValue(secretHeader) ?? [];

        if (hosts.Length != names.Length || (headers.Length > 0 && headers.Length != names.Length))
        {
            failures.Add(new Failure(
                "bad_secret", $"{names.Length} --secret, {hosts.Length} --secret-host and {headers.Length} --secret-header do not go together.",
                "Give each --secret its --secret-host, in the same order; --secret-header for none or for each."));
            return [];
        }

        return [.. names.Select((name, i) => name.Split('=', 2) is [var plain, var source]
            ? new SecretGrant(plain, hosts[i].Split(','), source, headers.ElementAtOrDefault(i) ?? "Authorization")
            : new SecretGrant(name, hosts[i].Split(','), null, headers.ElementAtOrDefault(i) ?? "Authorization"))];
    }
}
