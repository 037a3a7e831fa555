namespace Ringfence.Audit;

/// <summary>For sandboxes that try out what this machine can do: nothing that happens in them is anybody's work.</summary>
internal sealed class NoRecord : IRecorder
{
    public long Append(AuditFact fact) => 0;

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public string Keep(ReadOnlySpan<byte> content) => "";
}
