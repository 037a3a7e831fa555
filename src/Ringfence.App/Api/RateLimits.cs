using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ringfence.App.Api;

/// <summary>
/// So many requests of one key in a minute, with room for a burst of a sixth of that. Callers without a key are counted by address and have a tenth:
/// guessing keys must be slow.
/// </summary>
internal sealed class RateLimits(int perMinute) : IDisposable
{
    private readonly PartitionedRateLimiter<HttpContext> callers = Limiter(perMinute, http => http.TryCaller()?.Id);
    private readonly PartitionedRateLimiter<HttpContext> strangers = Limiter(Math.Max(60, perMinute / 10), http => http.Connection.RemoteIpAddress?.ToString());

    public void UseForStrangers(WebApplication app) => app.Use(async (http, next) =>
    {
        await next(http);

        // Only refusals count, so that a proxy's address, which all callers share, is not held against those who have keys.
        if (http.Response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            strangers.AttemptAcquire(http).Dispose();
        }
    });

    /// <summary>True when this address has guessed too often.</summary>
    public bool Refuses(HttpContext http) =>
        // Whole permits: asked for none, the limiter says yes as soon as a fraction of one has come back, which is always.
        strangers.GetStatistics(http) is { CurrentAvailablePermits: < 1 };

    public void UseForCallers(WebApplication app) => app.Use(async (http, next) =>
    {
        using var lease = callers.AttemptAcquire(http);

        if (lease.IsAcquired)
        {
            await next(http);
            return;
        }

        await RefuseAsync(http, lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1));
    });

    public static Task RefuseAsync(HttpContext http, TimeSpan after)
    {
        http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problem.Of(http, StatusCodes.Status429TooManyRequests, new Failure(
            "rate_limited", "Too many requests.", "Wait as long as Retry-After says.")).ExecuteAsync(http);
    }

    public void Dispose()
    {
        callers.Dispose();
        strangers.Dispose();
    }

    private static PartitionedRateLimiter<HttpContext> Limiter(int perMinute, Func<HttpContext, string?> who) =>
        PartitionedRateLimiter.Create<HttpContext, string>(http => RateLimitPartition.GetTokenBucketLimiter(who(http) ?? "", _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Math.Max(10, perMinute / 6),
            TokensPerPeriod = Math.Max(1, perMinute / 60),
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));
}
