using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>The scopes that pay for a lease's calls. A run that lives past midnight pays from the next day's window.</summary>
internal sealed class LeaseScopes(BudgetLedger ledger, IReadOnlyList<(string Scope, Money? Limit)> scopes, bool isOnRecord, TimeZoneInfo zone, TimeProvider time)
{
    private readonly Lock gate = new();
    private BudgetAccount? account;
    private DateOnly day;

    /// <summary>The account of today; the first of its scopes is the narrowest.</summary>
    public BudgetAccount Current
    {
        get
        {
            var now = time.GetUtcNow();
            var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);

            lock (gate)
            {
                if (account is null || today != day)
                {
                    day = today;
                    account = ledger.Open([.. scopes.Select((s, i) => new ScopeLimit(ScopeKey.At(s.Scope, now, zone), s.Scope, s.Limit, IsOwn: i == 0))], isOnRecord);
                }

                return account;
            }
        }
    }

    public bool IsUnder(string stopped) => scopes.Any(s => ScopeKey.IsUnder(s.Scope, stopped));

    /// <summary>The same for a stop that is a file, whose name has no colons.</summary>
    public bool IsUnderFile(string name) => scopes.Any(s =>
    {
        var written = KillFile.Name(s.Scope);
        return written == name || written.StartsWith(name + "_", StringComparison.Ordinal);
    });
}
