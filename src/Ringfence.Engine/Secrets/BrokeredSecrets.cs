using Ringfence.Egress;

namespace Ringfence.Secrets;

/// <summary>One secret of a run, where it may go, and in which header.</summary>
public sealed record BrokeredSecret(SecretValue Secret, IReadOnlyList<EgressRule> Hosts, string Header)
{
    public bool GoesTo(HostName host, int port) => Hosts.Any(h => h.MatchesHost(host) && h.MatchesPort(port));
}

/// <summary>The secrets of one run, with their values. Lives in the supervisor only.</summary>
public sealed class BrokeredSecrets(IReadOnlyList<BrokeredSecret> secrets)
{
    public static BrokeredSecrets None { get; } = new([]);

    public IReadOnlyList<BrokeredSecret> All => secrets;

    /// <summary>Takes the values out of whatever is written: the record, logs, and what hosts answer.</summary>
    public SecretRedactor Redactor { get; } = new(secrets.Select(s => s.Secret));

    /// <summary>Environment inside the sandbox: each secret's name with its placeholder.</summary>
    public IReadOnlyDictionary<string, string> Environment => secrets.ToDictionary(s => s.Secret.Name, s => s.Secret.Placeholder);

    /// <summary>True when a secret may be added to requests to this host, so the door has to open TLS.</summary>
    public bool GoTo(HostName host, int port) => secrets.Any(s => s.GoesTo(host, port));
}
