using Ringfence.Secrets;

namespace Ringfence.Egress;

/// <summary>Which hosts a run may reach besides the gateway. Default deny.</summary>
/// <param name="Allow">
/// Patterns as users write them: <c>[!][METHODS ]host[:port][/path][@network]</c>, where host is a name or <c>*.suffix</c>.
/// Read by <see cref="EgressRules.Parse"/>.
/// </param>
/// <param name="Learn">Let public hosts through and print the allow list that the run would have needed. Never private ranges.</param>
public sealed record NetworkPolicy(IReadOnlyList<string> Allow, bool Learn = false)
{
    public static NetworkPolicy DenyAll { get; } = new([]);

    /// <summary>Ecosystems whose registries, as the user's own tool configuration names them, are allowed too: <c>npm</c>, <c>nuget</c>, <c>pip</c>, …</summary>
    public IReadOnlyList<string> Presets { get; init; } = [];

    /// <summary>Secrets that the egress door adds to requests. They never enter the sandbox.</summary>
    public IReadOnlyList<SecretGrant> Secrets { get; init; } = [];

    public EgressLimits Limits { get; init; } = new();
}

/// <summary>How much may pass the egress door in one run. A limit that is reached closes what is open and refuses the rest.</summary>
public sealed record EgressLimits
{
    /// <summary>Bytes from the sandbox to all hosts together: the ceiling on what a run can carry away through an allowed host. Default 256 MiB.</summary>
    public long BytesUp { get; init; } = 256L << 20;

    /// <summary>Bytes from all hosts together to the sandbox. Default 16 GiB.</summary>
    public long BytesDown { get; init; } = 16L << 30;

    /// <summary>Connections open at once; a further one is refused and recorded. Default 256.</summary>
    public int Connections { get; init; } = 256;

    /// <summary>How long a connection may take until it has said what it wants: TLS hello or request head. Default 20 seconds.</summary>
    public TimeSpan Opening { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long an open connection may be silent both ways. Default 10 minutes.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);
}
