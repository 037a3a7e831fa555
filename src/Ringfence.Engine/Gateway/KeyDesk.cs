using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Ringfence.Runs;

namespace Ringfence.Gateway;

/// <summary>Turns a key into the lease that its calls are charged to. Keys are looked up once; revoked ones are forgotten at the next look.</summary>
internal sealed class KeyDesk(
    GatewayKeyStore keys, Func<LeaseRequest, KeyMeter, IReadOnlyList<(string, Money?)>, GatewayLease> open, Func<GatewayLease, bool> isStopped,
    TimeProvider time)
{
    // Calls that were cut may settle after their lease is gone from the table.
    private readonly ConcurrentBag<KeyMeter> retired = [];
    private readonly ConcurrentDictionary<string, (GatewayLease Lease, KeyMeter Meter, string Id)> known = new(StringComparer.Ordinal);

    public async ValueTask<GatewayLease?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (!token.StartsWith(GatewayKeyStore.Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var digest = GatewayKeyStore.Digest(token);

        if (known.TryGetValue(digest, out var there) && (there.Lease.Ending is null || isStopped(there.Lease)))
        {
            return there.Lease;
        }

        // A stop that was lifted: the key starts anew, with what it has left.
        if (there.Lease is not null && known.TryRemove(digest, out _))
        {
            retired.Add(there.Meter);
            await there.Lease.DisposeAsync();
        }

        return await keys.FindAsync(token, cancellationToken) is { } key ? known.GetOrAdd(digest, _ => Open(key)).Lease : null;
    }

    /// <summary>Writes what was used since the last look, and drops keys that were revoked.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (known.IsEmpty && retired.IsEmpty)
        {
            return;
        }

        try
        {
            var day = time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            foreach (var meter in known.Values.Select(k => k.Meter).Concat(retired))
            {
                await WriteAsync(meter, day);
            }

            var revoked = await keys.RevokedAsync(cancellationToken);

            foreach (var (digest, there) in known.Where(k => revoked.Contains(k.Value.Id)))
            {
                there.Lease.Kill("revoking its key");
                retired.Add(there.Meter);
                known.TryRemove(digest, out _);
            }
        }
        catch (DbException)
        {
            // Looked at again soon; the ledger refuses on its own when the database stays away.
        }
    }

    // Not cancelled half-way, and put back when it fails: a sum that is lost is never found again.
    private async Task WriteAsync(KeyMeter meter, string day)
    {
        var used = meter.Take();

        if (used.Count == 0)
        {
            return;
        }

        try
        {
            await keys.AddUsageAsync(used, day, CancellationToken.None);
        }
        catch
        {
            meter.PutBack(used);
            throw;
        }
    }

    private (GatewayLease, KeyMeter, string) Open(GatewayKey key)
    {
        var meter = new KeyMeter(key);
        var scopes = new List<(string, Money?)> { (key.Scope, key.Budget) };

        foreach (var scope in key.Team is { } team ? [$"team:{team}:day", $"team:{team}:month"] : Array.Empty<string>())
        {
            scopes.Add((scope, null));
        }

        var request = new LeaseRequest
        {
            Run = new RunId(key.Id),
            Limit = key.Budget ?? Money.Max,
            Turns = int.MaxValue,
            Requests = int.MaxValue,
            Concurrency = 1_024,
            Models = key.Models,
            RequestsPerMinute = key.RequestsPerMinute,
            IsStanding = true,
        };

        return (open(request, meter, scopes), meter, key.Id);
    }
}
