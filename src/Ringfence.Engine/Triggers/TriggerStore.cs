using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ringfence.Storage;

namespace Ringfence.Triggers;

/// <summary>One arrival of something that may start runs.</summary>
/// <param name="Id">As its sender calls it, or a schedule and its time.</param>
/// <param name="Source">Name of the <see cref="TriggerSource"/>.</param>
/// <param name="Status"><c>received</c>, <c>held</c> (somebody must let it in), <c>started</c>, <c>ignored</c>, <c>missed</c>, <c>refused</c> or <c>failed</c>.</param>
/// <param name="Detail">Why, for people.</param>
/// <param name="ApprovedBy">Who let it in; null when nobody had to.</param>
/// <param name="Runs">What it started.</param>
public sealed record Delivery(
    string Id, string Source, TriggerEvent Event, string Status, string? Detail, string? ApprovedBy, IReadOnlyList<string> Runs, DateTimeOffset ReceivedAt, int Attempts);

/// <summary>A schedule and its next time.</summary>
public sealed record ScheduledFiring(string Source, string Workflow, string Cron, DateTimeOffset Next);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TriggerEvent))]
internal sealed partial class TriggerJson : JsonSerializerContext;

/// <summary>Deliveries and schedules as rows. Several servers may work on them at once: each row is taken by one.</summary>
public sealed class TriggerStore(Database database, TimeProvider time)
{
    /// <summary>How long one process has a delivery before another may take it.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(2);

    private const string Columns = "id, source, event, status, detail, approved_by, runs, received_us, attempts";

    /// <summary>Keeps an arrival, durable when this returns. False when it, or the same content under another name, was there before.</summary>
    public async Task<bool> AddAsync(string id, string digest, string source, TriggerEvent happened, string status, string? detail, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(Insert, cancellationToken, Row(id, digest, source, happened, status, detail)) == 1;

    /// <summary>The latest arrivals, newest first.</summary>
    public Task<IReadOnlyList<Delivery>> ListAsync(int most, CancellationToken cancellationToken) =>
        database.QueryAsync($"select {Columns} from trigger_deliveries order by received_us desc, id limit @most", Read, cancellationToken, ("most", (long)most));

    /// <summary>The one of this id; null when there is none.</summary>
    public Task<Delivery?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.QuerySingleAsync($"select {Columns} from trigger_deliveries where id = @id", Read, cancellationToken, ("id", id));

    public Task<IReadOnlyList<ScheduledFiring>> SchedulesAsync(CancellationToken cancellationToken) => database.QueryAsync(
        "select source, workflow, cron, next_us from trigger_schedules order by next_us, source, workflow",
        row => new ScheduledFiring(row.GetString(0), row.GetString(1), row.GetString(2), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(3))), cancellationToken);

    /// <summary>Takes the oldest arrival that nobody works on; null when there is none.</summary>
    public async Task<Delivery?> ClaimAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();

        foreach (var open in await database.QueryAsync(
            $"select {Columns} from trigger_deliveries where status = 'received' and claimed_us < @stale order by received_us, id limit 20", Read, cancellationToken, ("stale", now - Hold)))
        {
            if (await database.ExecuteAsync(
                "update trigger_deliveries set claimed_us = @now, attempts = attempts + 1 where id = @id and status = 'received' and claimed_us < @stale", cancellationToken,
                ("now", now), ("id", open.Id), ("stale", now - Hold)) == 1)
            {
                return open with { Attempts = open.Attempts + 1 };
            }
        }

        return null;
    }

    public Task EndAsync(string id, string status, string? detail, IReadOnlyList<string> runs, CancellationToken cancellationToken) => database.ExecuteAsync(
        "update trigger_deliveries set status = @status, detail = @detail, runs = @runs where id = @id and status = 'received'", cancellationToken,
        ("status", status), ("detail", detail), ("runs", string.Join(' ', runs)), ("id", id));

    /// <summary>Lets in what is held, or refuses it for good. False when it is not held.</summary>
    public async Task<bool> DecideAsync(string id, bool letsIn, string by, CancellationToken cancellationToken) => await database.ExecuteAsync(
        "update trigger_deliveries set status = @status, approved_by = @by where id = @id and status = 'held'", cancellationToken,
        ("status", letsIn ? "received" : "refused"), ("by", by), ("id", id)) == 1;

    /// <summary>
    /// The time at which a schedule fires next. When it has come, moves on to <paramref name="following"/> and keeps the firing as an arrival, in one
    /// transaction: of all servers one does it, once.
    /// </summary>
    public async Task FireAsync(string source, string workflow, string cron, DateTimeOffset now, Func<DateTimeOffset, (string Status, string? Detail)> judge, DateTimeOffset following, CancellationToken cancellationToken)
    {
        (string, object?)[] key = [("source", source), ("workflow", workflow), ("cron", cron)];

        await database.ExecuteAsync(
            "insert into trigger_schedules (source, workflow, cron, next_us) values (@source, @workflow, @cron, @next) on conflict do nothing", cancellationToken, [.. key, ("next", following)]);

        await database.InTransactionAsync(
            async transaction =>
            {
                var due = await transaction.QuerySingleAsync(
                    "select next_us from trigger_schedules where source = @source and workflow = @workflow and cron = @cron", row => row.GetInt64(0), cancellationToken, key);

                if (UnixTime.FromUnixTimeMicroseconds(due) is var time && time > now || await transaction.ExecuteAsync(
                    "update trigger_schedules set next_us = @next where source = @source and workflow = @workflow and cron = @cron and next_us = @due", cancellationToken,
                    [.. key, ("next", following), ("due", due)]) != 1)
                {
                    return;
                }

                var (status, detail) = judge(time);
                var id = $"cron:{source}:{workflow}:{cron}:{time.ToUnixTimeSeconds()}";
                await transaction.ExecuteAsync(Insert, cancellationToken, Row(id, id, source, new TriggerEvent(TriggerKind.Cron) { Workflow = workflow, Title = cron }, status, detail));
            },
            cancellationToken);
    }

    /// <summary>Forgets schedules that no workflow has any more.</summary>
    public async Task KeepOnlyAsync(string source, IReadOnlyList<(string Workflow, string Cron)> known, CancellationToken cancellationToken)
    {
        foreach (var gone in (await SchedulesAsync(cancellationToken)).Where(row => row.Source == source && !known.Contains((row.Workflow, row.Cron))))
        {
            await database.ExecuteAsync(
                "delete from trigger_schedules where source = @source and workflow = @workflow and cron = @cron", cancellationToken,
                ("source", source), ("workflow", gone.Workflow), ("cron", gone.Cron));
        }
    }

    private const string Insert =
        "insert into trigger_deliveries (id, digest, source, event, status, detail, received_us) values (@id, @digest, @source, @event, @status, @detail, @now) on conflict do nothing";

    private (string, object?)[] Row(string id, string digest, string source, TriggerEvent happened, string status, string? detail) =>
    [
        ("id", id), ("digest", digest), ("source", source), ("event", JsonSerializer.Serialize(happened, TriggerJson.Default.TriggerEvent)), ("status", status), ("detail", detail), ("now", time.GetUtcNow()),
    ];

    private static Delivery Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), JsonSerializer.Deserialize(row.GetString(2), TriggerJson.Default.TriggerEvent)!, row.GetString(3),
        row.IsDBNull(4) ? null : row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5),
        row.IsDBNull(6) ? [] : row.GetString(6).Split(' ', StringSplitOptions.RemoveEmptyEntries), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(7)), (int)row.GetInt64(8));
}
