namespace Ringfence.Tests.Gateway;

/// <summary>The machine's clock, set to noon: what is counted by the day is counted in one, whenever the tests run.</summary>
internal sealed class Noon : TimeProvider
{
    private readonly TimeSpan ahead = TimeSpan.FromHours(12) - System.GetUtcNow().TimeOfDay;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
}
