namespace Ringfence.Budgets;

/// <summary>
/// Where blocks of money are committed. Two kinds: the database, shared by every gateway that spends from the same scopes, and memory, for a
/// gateway that is alone and forgets.
/// </summary>
internal interface ILedgerStore
{
    /// <summary>Makes the scopes known. A limit that is given replaces the one that was given before; null keeps what is there.</summary>
    Task DeclareAsync(IReadOnlyList<ScopeLimit> scopes, CancellationToken cancellationToken);

    /// <summary>
    /// One transaction, scopes in key order: books what was spent, takes back what is returned, then grants more. Grants are all or nothing: either
    /// every scope gets at least its least, or none gets anything. What is returned is durable.
    /// </summary>
    Task<IReadOnlyList<ScopeState>> ExchangeAsync(
        IReadOnlyList<Exchange> exchanges, DateTimeOffset expires, CancellationToken cancellationToken);

    /// <summary>Books as spent what gateways held whose blocks expired before <paramref name="before"/>: they crashed, and may have spent all of it.</summary>
    Task<int> SettleExpiredAsync(DateTimeOffset before, CancellationToken cancellationToken);

    Task FreezeAsync(string scope, string reason, CancellationToken cancellationToken);

    /// <summary>Every scope that the kill switch has stopped.</summary>
    Task<IReadOnlyList<ScopeStop>> StopsAsync(CancellationToken cancellationToken);
}

/// <param name="Scope">A scope, or the beginning of one at a colon, or <c>all</c>.</param>
internal sealed record ScopeStop(string Scope, string By, DateTimeOffset At)
{
    /// <summary>It came from a file, so <see cref="Scope"/> is a file's name.</summary>
    public bool IsFile { get; init; }
}

/// <summary>A scope's key, window included, and its limit when the caller knows it.</summary>
/// <param name="Key">Such as <c>run:0f…</c> or <c>team:7:day:2026-11-20</c>.</param>
/// <param name="Rule">The key without its window, by which a limit is set for all windows.</param>
/// <param name="IsOwn">The scope of the caller itself: what an operator set afterwards replaces what it began with. Of others it can only ask for less.</param>
internal sealed record ScopeLimit(string Key, string Rule, Money? Limit, bool IsOwn = false);

/// <param name="Holder">Names the block: a gateway, and which of its blocks.</param>
/// <param name="Spent">Settled since the last exchange, nano-dollars.</param>
/// <param name="Return">Given back from this gateway's block.</param>
/// <param name="Least">The grant that is needed; 0 asks for nothing.</param>
/// <param name="Most">The grant that is wanted.</param>
/// <param name="Block">What this gateway believes to hold; 0 when it starts a block.</param>
internal readonly record struct Exchange(string Scope, string Holder, long Spent, long Return, long Least, long Most, long Block);

/// <param name="Limit">Nano-dollars; null is unlimited.</param>
/// <param name="Spent">Booked, by all gateways.</param>
/// <param name="Held">In blocks, of all gateways, after this exchange.</param>
/// <param name="Stop">Why nothing may be spent: <c>frozen</c> or <c>killed</c>, and by what; null while money may flow.</param>
/// <param name="BlockLost">The block had expired and counts as spent: nothing of it is left to draw from.</param>
internal readonly record struct ScopeState(
    string Scope, long? Limit, long Spent, long Held, string? Stop, long Granted, bool BlockLost);
