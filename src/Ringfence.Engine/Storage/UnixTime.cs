namespace Ringfence.Storage;

/// <summary>Time as the store keeps it: microseconds since 1970 UTC.</summary>
public static class UnixTime
{
    public static long ToUnixTimeMicroseconds(this DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromUnixTimeMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    public static long NowMicroseconds(this TimeProvider time) => time.GetUtcNow().ToUnixTimeMicroseconds();
}
