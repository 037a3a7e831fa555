namespace Ringfence.Audit;

/// <summary>
/// Connections whose end nobody saw, because the supervisor was killed: each gets the event that questions are asked of, with nothing in it that is not
/// known.
/// </summary>
public sealed class LostConnections
{
    /// <summary>The reason that such an event gives.</summary>
    public const string Reason = "end_not_seen";

    private readonly SortedDictionary<long, NetworkOpened> open = [];

    /// <param name="happened">Events of the types <c>net.opened</c> and <c>net.connection</c>, in order.</param>
    public void Add(AuditEvent happened)
    {
        if (happened.Fact is NetworkOpened opened)
        {
            open[happened.Seq] = opened;
        }
        else if (happened.Fact is NetworkConnection)
        {
            foreach (var cause in happened.Causes)
            {
                open.Remove(cause);
            }
        }
    }

    /// <summary>What is left to record, in the order in which they were opened.</summary>
    public IEnumerable<NetworkConnection> Ends() => open.Select(one => new NetworkConnection(
        one.Value.Sandbox, one.Value.Host, one.Value.Port, one.Value.Protocol, null, true, Reason, one.Value.Rule, 0, 0, 0)
    {
        Causes = [one.Key],
        Trust = Trust.Inferred,
    });
}
