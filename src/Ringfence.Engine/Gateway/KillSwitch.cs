using System.Collections.Concurrent;
using System.Data.Common;
using Ringfence.Audit;
using Ringfence.Budgets;
using Ringfence.Storage;

namespace Ringfence.Gateway;

/// <summary>
/// Watches for stops and cuts what they cover. Two sources, so that one can be broken: rows in the database, which reach every replica, and files in
/// a folder, which need no database.
/// </summary>
internal sealed class KillSwitch(BudgetLedger ledger, string? folder, TimeProvider time)
{
    private readonly ConcurrentDictionary<GatewayLease, bool> leases = new();
    private IReadOnlyList<ScopeStop> known = [];

    /// <summary>Puts a lease under the switch. One that is opened under a stop is cut at once.</summary>
    public void Watch(GatewayLease lease)
    {
        leases[lease] = true;
        Apply(lease, known);
    }

    /// <summary>Whether a stop is in force for the lease, as of the last look.</summary>
    public bool IsStopped(GatewayLease lease) => known.Any(stop => Covers(stop, lease));

    public void Forget(GatewayLease lease) => leases.TryRemove(lease, out _);

    /// <summary>Looks once. Called several times a second, so that a stop takes effect well within one.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var stops = new List<ScopeStop>(Files());

        try
        {
            stops.AddRange(await ledger.StopsAsync(cancellationToken));
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            // The files have been read; a database that is back is read at the next look.
        }

        known = stops;

        foreach (var lease in leases.Keys)
        {
            Apply(lease, stops);
        }
    }

    private void Apply(GatewayLease lease, IReadOnlyList<ScopeStop> stops)
    {
        if (stops.Count > 0 && lease.Ending?.Reason != LeaseEndingReason.Killed && stops.FirstOrDefault(s => Covers(s, lease)) is { } stop)
        {
            lease.Kill(stop.By);
            _ = RecordAsync(lease, stop);
        }
    }

    private async Task RecordAsync(GatewayLease lease, ScopeStop stop)
    {
        await lease.IdleAsync();
        var elapsed = time.GetUtcNow().ToUnixTimeMicroseconds() - stop.At.ToUnixTimeMicroseconds();

        try
        {
            lease.Recorder.Append(new BudgetKilled(stop.Scope, stop.By, Math.Max(0, elapsed)));
        }
        catch (RecordUnavailableException)
        {
            // The stop took effect; a run whose record cannot be written ends for that reason as well.
        }
    }

    private static bool Covers(ScopeStop stop, GatewayLease lease) =>
        lease.Scopes.IsUnder(stop.Scope) || (stop.IsFile && lease.Scopes.IsUnderFile(stop.Scope));

    private List<ScopeStop> Files()
    {
        var stops = new List<ScopeStop>();

        try
        {
            if (folder is not null && Directory.Exists(folder))
            {
                foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
                {
                    stops.Add(new ScopeStop(file.Name, "the file " + file.Name, file.LastWriteTimeUtc) { IsFile = true });
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be read says nothing; the rows still do.
        }

        return stops;
    }
}

/// <summary>Names the file in the kill folder that stops a scope.</summary>
public static class KillFile
{
    public static string Name(string scope) => string.Concat(scope.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_'));
}
