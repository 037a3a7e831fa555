using System.Net;
using System.Security.Cryptography.X509Certificates;
using Ringfence.Secrets;

namespace Ringfence.Egress;

/// <summary>What one run's egress door needs to know.</summary>
public sealed record EgressDoorOptions
{
    /// <summary>The sandbox's name in the record.</summary>
    public required string Sandbox { get; init; }

    public EgressRules Rules { get; init; } = EgressRules.DenyAll;

    public EgressLimits Limits { get; init; } = new();

    /// <summary>Secrets that the door adds to requests, with their values.</summary>
    public BrokeredSecrets Secrets { get; init; } = BrokeredSecrets.None;

    /// <summary>The run's own certificate authority; null when nothing has to be opened. The door does not dispose it.</summary>
    public RunAuthority? Authority { get; init; }

    /// <summary>Who may sign certificates of hosts whose TLS is opened; null for whom this machine trusts.</summary>
    public X509Certificate2Collection? UpstreamRoots { get; init; }

    /// <summary>How names are resolved outside. Default: the host's own resolver.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;
}
