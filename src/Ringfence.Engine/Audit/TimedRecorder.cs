namespace Ringfence.Audit;

/// <summary>A recorder that also keeps the times of commands, so that changes can be explained by them.</summary>
public sealed class TimedRecorder(IRecorder inner, CommandTimeline timeline) : IRecorder
{
    public long Append(AuditFact fact)
    {
        var seq = inner.Append(fact);
        timeline.Add(fact, seq);
        return seq;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public string Keep(ReadOnlySpan<byte> content) => inner.Keep(content);
}
