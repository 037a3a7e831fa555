namespace Ringfence.Egress;

/// <summary>Which hosts a run may reach besides the gateway. Default deny.</summary>
/// <param name="Allow">Patterns as users write them: <c>host</c>, <c>*.suffix</c>, either with <c>:port</c>. Validated by the egress door's parser.</param>
/// <param name="Learn">Let public hosts through and print the allow list that the run would have needed. Never private ranges.</param>
public sealed record NetworkPolicy(IReadOnlyList<string> Allow, bool Learn = false)
{
    public static NetworkPolicy DenyAll { get; } = new([]);
}
