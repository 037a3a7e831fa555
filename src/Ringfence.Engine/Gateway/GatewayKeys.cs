using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Storage;

namespace Ringfence.Gateway;

/// <summary>A key for using the gateway from outside any sandbox.</summary>
/// <param name="Budget">Null is unlimited by the key; wider scopes still hold.</param>
/// <param name="Window"><c>day</c>, <c>month</c>, or null for once and for all.</param>
/// <param name="Models">Empty allows every model that has a price.</param>
public sealed record GatewayKey(
    string Id, string Name, string Owner, string? Team, Money? Budget, string? Window, int? RequestsPerMinute, IReadOnlyList<string> Models,
    DateTimeOffset Created, DateTimeOffset? Revoked)
{
    /// <summary>The scope that the key's budget is over.</summary>
    public string Scope => Window is null ? $"key:{Id}" : $"key:{Id}:{Window}";
}

/// <param name="UnknownCalls">Calls whose usage the provider did not report; they count with all that was set aside.</param>
/// <remarks>In a sum over several keys, teams or models, what differs is null.</remarks>
public sealed record GatewayUsage(
    string? KeyId, string? Name, string? Team, string? Model, long Calls, long UnknownCalls, long InputTokens, long CacheReadTokens,
    long CacheWriteTokens, long OutputTokens, Money Cost)
{
    public static GatewayUsage operator +(GatewayUsage a, GatewayUsage b) => a with
    {
        Calls = a.Calls + b.Calls,
        UnknownCalls = a.UnknownCalls + b.UnknownCalls,
        InputTokens = a.InputTokens + b.InputTokens,
        CacheReadTokens = a.CacheReadTokens + b.CacheReadTokens,
        CacheWriteTokens = a.CacheWriteTokens + b.CacheWriteTokens,
        OutputTokens = a.OutputTokens + b.OutputTokens,
        Cost = a.Cost + b.Cost,
    };

    /// <param name="group"><c>key</c>, <c>team</c> or <c>model</c>; null leaves the lines as they are.</param>
    public static IReadOnlyList<GatewayUsage> By(string? group, IReadOnlyList<GatewayUsage> lines) => group is null ? lines :
    [
        .. lines.GroupBy(u => group switch { "key" => u.KeyId, "team" => u.Team, _ => u.Model })
            .Select(same => same.Aggregate((a, b) => a + b) with
            {
                KeyId = group == "key" ? same.First().KeyId : null,
                Name = group == "key" ? same.First().Name : null,
                Team = group == "model" ? null : same.First().Team,
                Model = group == "model" ? same.Key : null,
            })
            .OrderByDescending(u => u.Cost.Nanodollars),
    ];
}

public sealed class GatewayKeyStore(Database database, TimeProvider time)
{
    public const string Prefix = "rfgw_";

    private const string Columns =
        "id, name, owner, team, budget_nd, budget_window, requests_per_minute, models, created_us, revoked_us";

    /// <summary>Makes a key. The second value is the key itself: it is nowhere else and cannot be shown again.</summary>
    public async Task<(GatewayKey Key, string Secret)> CreateAsync(
        string name, string owner, string? team, Money? budget, string? window, int? requestsPerMinute, IReadOnlyList<string> models,
        CancellationToken cancellationToken)
    {
        var secret = Prefix + RandomNumberGenerator.GetHexString(48, lowercase: true);
        var key = new GatewayKey(
            "k_" + RandomNumberGenerator.GetHexString(12, lowercase: true), name, owner, team, budget, window, requestsPerMinute, models,
            time.GetUtcNow(), null);

        await database.ExecuteAsync(
            """
            insert into gateway_keys (id, name, owner, team, digest, budget_nd, budget_window, requests_per_minute, models, created_us)
            values (@id, @name, @owner, @team, @digest, @budget, @window, @rpm, @models, @created)
            """,
            cancellationToken, ("id", key.Id), ("name", name), ("owner", owner), ("team", team), ("digest", Digest(secret)), ("budget", budget),
            ("window", window), ("rpm", requestsPerMinute), ("models", string.Join('\n', models)), ("created", key.Created));

        return (key, secret);
    }

    public Task<IReadOnlyList<GatewayKey>> ListAsync(CancellationToken cancellationToken) =>
        database.QueryAsync($"select {Columns} from gateway_keys order by created_us, id", Read, cancellationToken);

    /// <summary>True when the key was good until now. Gateways that run refuse it within a second.</summary>
    public async Task<bool> RevokeAsync(string id, CancellationToken cancellationToken) => await database.ExecuteAsync(
        "update gateway_keys set revoked_us = @now where id = @id and revoked_us is null",
        cancellationToken, ("now", time.GetUtcNow()), ("id", id)) == 1;

    public Task<IReadOnlyList<GatewayUsage>> UsageAsync(CancellationToken cancellationToken) => database.QueryAsync(
        """
        select u.key_id, k.name, k.team, u.model, cast(sum(u.calls) as bigint), cast(sum(u.unknown_calls) as bigint), cast(sum(u.input_tokens) as bigint),
               cast(sum(u.cache_read_tokens) as bigint), cast(sum(u.cache_write_tokens) as bigint), cast(sum(u.output_tokens) as bigint),
               cast(sum(u.cost_nd) as bigint)
          from gateway_usage u join gateway_keys k on k.id = u.key_id
         group by u.key_id, k.name, k.team, u.model
         order by 11 desc
        """,
        row => new GatewayUsage(
            row.GetString(0), row.GetString(1), Text(row, 2), row.GetString(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7),
            row.GetInt64(8), row.GetInt64(9), new Money(row.GetInt64(10))),
        cancellationToken);

    internal Task<GatewayKey?> FindAsync(string secret, CancellationToken cancellationToken) => database.QuerySingleAsync(
        $"select {Columns} from gateway_keys where digest = @digest and revoked_us is null", Read, cancellationToken, ("digest", Digest(secret)));

    internal Task<IReadOnlyList<string>> RevokedAsync(CancellationToken cancellationToken) =>
        database.QueryAsync("select id from gateway_keys where revoked_us is not null", row => row.GetString(0), cancellationToken);

    internal Task AddUsageAsync(IReadOnlyList<GatewayUsage> usages, string day, CancellationToken cancellationToken) => database.InTransactionAsync(
        async transaction =>
        {
            foreach (var u in usages)
            {
                await transaction.ExecuteAsync(
                    """
                    insert into gateway_usage (key_id, day, model, calls, unknown_calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_nd)
                    values (@key, @day, @model, @calls, @unknown, @input, @read, @write, @output, @cost)
                    on conflict (key_id, day, model) do update set calls = gateway_usage.calls + @calls, unknown_calls = gateway_usage.unknown_calls + @unknown,
                      input_tokens = gateway_usage.input_tokens + @input, cache_read_tokens = gateway_usage.cache_read_tokens + @read,
                      cache_write_tokens = gateway_usage.cache_write_tokens + @write, output_tokens = gateway_usage.output_tokens + @output,
                      cost_nd = gateway_usage.cost_nd + @cost
                    """,
                    cancellationToken, ("key", u.KeyId), ("day", day), ("model", u.Model), ("calls", u.Calls), ("unknown", u.UnknownCalls),
                    ("input", u.InputTokens), ("read", u.CacheReadTokens), ("write", u.CacheWriteTokens), ("output", u.OutputTokens), ("cost", u.Cost));
            }
        },
        cancellationToken);

    internal static string Digest(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static GatewayKey Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), Text(row, 3), row.IsDBNull(4) ? null : new Money(row.GetInt64(4)), Text(row, 5),
        row.IsDBNull(6) ? null : (int)row.GetInt64(6), row.GetString(7).Split('\n', StringSplitOptions.RemoveEmptyEntries),
        UnixTime.FromUnixTimeMicroseconds(row.GetInt64(8)), row.IsDBNull(9) ? null : UnixTime.FromUnixTimeMicroseconds(row.GetInt64(9)));

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
