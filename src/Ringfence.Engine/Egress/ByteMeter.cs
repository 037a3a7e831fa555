namespace Ringfence.Egress;

/// <summary>Counts a run's bytes against its limits. A chunk that would pass a limit is not sent at all.</summary>
internal sealed class ByteMeter(EgressLimits limits)
{
    private readonly ByteCount total = new();

    public void CountUp(CapturedConnection connection, int bytes)
    {
        total.AddUp(bytes);
        CutAbove(connection, total.Up, limits.BytesUp, EgressReasons.BytesUp);
        connection.Bytes.AddUp(bytes);
    }

    public void CountDown(CapturedConnection connection, int bytes)
    {
        total.AddDown(bytes);
        CutAbove(connection, total.Down, limits.BytesDown, EgressReasons.BytesDown);
        connection.Bytes.AddDown(bytes);
    }

    private static void CutAbove(CapturedConnection connection, long count, long limit, string reason)
    {
        if (count > limit)
        {
            connection.Refuse(reason);
            connection.End();
            throw new IOException($"The egress door cut the connection: {reason}.");
        }
    }
}

/// <summary>Bytes counted by two directions at once.</summary>
internal sealed class ByteCount
{
    private long up;
    private long down;

    public long Up => Interlocked.Read(ref up);

    public long Down => Interlocked.Read(ref down);

    public void AddUp(long bytes) => Interlocked.Add(ref up, bytes);

    public void AddDown(long bytes) => Interlocked.Add(ref down, bytes);
}
