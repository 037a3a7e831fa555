using System.Net;
using Ringfence.Budgets;
using Ringfence.Storage;

namespace Ringfence.Gateway;

public sealed record GatewayOptions
{
    /// <summary>Where model calls go, several per wire in the order they are tried.</summary>
    public IReadOnlyList<Upstream> Upstreams { get; init; } = [];

    public PriceTable Prices { get; init; } = PriceTable.Embedded;

    /// <summary>Where budgets are kept, shared with every other gateway on it; null keeps them in memory, for as long as the gateway runs.</summary>
    public Database? Database { get; init; }

    /// <summary>The time zone in which days and months begin. Default UTC.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>
    /// A folder for the kill switch that works without a database: a file named <c>all</c>, or like a scope with <c>_</c> for what is neither letter,
    /// digit, dot nor minus, stops that scope. Null looks nowhere.
    /// </summary>
    public string? KillFolder { get; init; }

    /// <summary>A TCP address for callers outside any sandbox, who need a key; null listens nowhere.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Largest request body. Default 32 MiB; larger ones are refused with 413.</summary>
    public long MaxBodyBytes { get; init; } = 32L << 20;

    /// <summary>How long a call waits for money that other calls in flight hold, before it is answered 429. Default 30 seconds.</summary>
    public TimeSpan BudgetWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest silence of an upstream, before and between bytes. Default 10 minutes, as the providers' own clients have it.</summary>
    public TimeSpan UpstreamSilence { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>One server that speaks a wire.</summary>
public sealed record Upstream
{
    public required Wire Wire { get; init; }

    /// <summary>Scheme, host, port and, if need be, a path prefix; the wire's own path (<c>/v1/messages</c>) is added.</summary>
    public required Uri BaseAddress { get; init; }

    /// <summary>Where the real key comes from: <c>env:NAME</c>, <c>file:PATH</c>, or null for a server that wants none.</summary>
    public string? KeySource { get; init; }

    /// <summary>Headers added to each request; they replace what the agent sent under the same name.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}
