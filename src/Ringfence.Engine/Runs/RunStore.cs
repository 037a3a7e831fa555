using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Audit;
using Ringfence.Notifications;
using Ringfence.Storage;

namespace Ringfence.Runs;

/// <summary>
/// Runs as rows. The supervisor that holds a run's lease is the only one who moves it; everybody else asks by writing into a row of their own
/// columns (<c>cancel_requested_*</c>). A move and its audit event are one transaction.
/// </summary>
public sealed partial class RunStore(Database database, TimeProvider time)
{
    /// <summary>How long a supervisor's silence is taken for life. It renews at a third of this.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(30);

    private const string Columns =
        """
        id, request, status, fail_reason, fail_message, created_us, ended_us, base_commit, tree, change_digest, branch, cost_nano, turns, worker,
        cancel_requested_by, cancel_requested_us, started_us, durable, starts, worked_us, checkpoint, fail_hint
        """;

    private const int ColumnCount = 22;

    private const string LetGo = "worker = null, lease_expires_us = null";

    internal TimeProvider Time => time;

    /// <summary>Creates a queued run that this process already holds.</summary>
    public async Task<Run> CreateAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var run = New(request) with { Worker = WorkerId.Current.ToString(), Starts = 1 };
        await database.InTransactionAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync(RunRow.Insert, cancellationToken, RunRow.Of(run, idempotencyKey: null));
                await transaction.ExecuteAsync(RunRow.InsertWords, cancellationToken, RunRow.WordsOf(run));
            },
            cancellationToken);
        return run;
    }

    /// <summary>Moves a run, with its event, its checkpoint and what is known of it, in one transaction.</summary>
    /// <exception cref="RunTakenException">This process does not hold the run.</exception>
    public async Task<Run> MoveAsync(Run run, RunStatus to, Recorder recorder, CancellationToken cancellationToken)
    {
        await MoveAsync(
            run, to, [new RunStateChanged(Name(run.Status), Name(to))], "stage = @to, started_us = coalesce(started_us, @now)", _ => Task.CompletedTask, recorder,
            cancellationToken, ("now", time.GetUtcNow()));

        return run with { Status = to };
    }

    /// <summary>
    /// Moves a run to waiting and lets go of it, together with what it <paramref name="asks"/>, as fact and as row. From now on it is durable: people may
    /// take longer than the terminal that it was started in.
    /// </summary>
    public static async Task<Run> WaitAsync(
        Run run, AuditFact asks, Func<DatabaseTransaction, Task> ask, Recorder recorder, CancellationToken cancellationToken)
    {
        await MoveAsync(
            run, RunStatus.Waiting, [asks, new RunStateChanged(Name(run.Status), Name(RunStatus.Waiting))],
            $"stage = @to, {LetGo}, durable = 1",
            async transaction =>
            {
                await ask(transaction);
                await Outbox.AddAsync(transaction, run with { Status = RunStatus.Waiting }, transaction.Database.Time.GetUtcNow());
            },
            recorder, cancellationToken);

        return run with { Status = RunStatus.Waiting, Worker = null, IsDurable = true };
    }

    /// <summary>Writes the ending and <c>run.ended</c> in one transaction.</summary>
    public async Task<Run> EndAsync(Run run, RunEnded ended, Recorder recorder, CancellationToken cancellationToken)
    {
        var status = Enum.Parse<RunStatus>(ended.Status, ignoreCase: true);
        var now = time.GetUtcNow();
        var after = run with { Status = status, Reason = ReadReason(ended.Reason), Message = ended.Message, EndedAt = now, Worker = null };

        await MoveAsync(
            run, status, [ended], $"{LetGo}, fail_reason = @reason, fail_message = @message, fail_hint = @hint, ended_us = @now",
            transaction => Outbox.AddAsync(transaction, after, now), recorder, cancellationToken,
            ("reason", ended.Reason), ("message", ended.Message), ("hint", run.Hint), ("now", now));

        return after;
    }

    /// <summary>Writes where a run is now, and everything that is known of it so far: what a crash leaves to be found. A move that the table does not know is a bug.</summary>
    /// <param name="set">More columns, from <paramref name="more"/> parameters.</param>
    private static async Task MoveAsync(
        Run run, RunStatus to, IReadOnlyList<AuditFact> facts, string set, Func<DatabaseTransaction, Task> alongside, Recorder recorder,
        CancellationToken cancellationToken, params (string Name, object? Value)[] more)
    {
        if (!RunTransitions.CanMove(run.Status, to))
        {
            throw new InvalidOperationException($"Run {run.Id} cannot move from {run.Status} to {to}.");
        }

        await recorder.CommitAsync(
            facts,
            async transaction =>
            {
                var changed = await transaction.ExecuteAsync(
                    $"""
                    update runs
                       set status = @to, base_commit = @base, tree = @tree, change_digest = @digest, branch = @branch, cost_nano = @cost, turns = @turns,
                           checkpoint = @checkpoint, worked_us = @worked, {set}
                     where id = @id and status = @from and worker = @me
                    """,
                    CancellationToken.None,
                    [
                        ("id", run.Id), ("from", Name(run.Status)), ("to", Name(to)), ("me", WorkerId.Current.ToString()), ("base", run.BaseCommit),
                        ("tree", run.Tree), ("digest", run.ChangeDigest), ("branch", run.Published), ("cost", run.Cost), ("turns", (long)run.Turns),
                        ("checkpoint", RunRow.Json(run.Checkpoint)), ("worked", (long)run.Worked.TotalMicroseconds), .. more,
                    ]);

                if (changed != 1)
                {
                    throw new RunTakenException($"Run {run.Id} is not {run.Status} in the store, or not ours: somebody else has it.");
                }

                await alongside(transaction);
            },
            cancellationToken);
    }

    private Run New(RunRequest request) => new() { Id = RunId.New(time), Request = request, Status = RunStatus.Queued, CreatedAt = time.GetUtcNow() };

    internal static string Name(RunStatus status) => status.ToString().ToLowerInvariant();

    /// <summary>What a run's record names its request by: SHA-256 of the canonical form, in lower-case hexadecimal.</summary>
    public static string DigestOf(RunRequest request) => Digest(RunJson.Canonical(request));

    internal static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static Run Read(DbDataReader row) => new()
    {
        Id = new RunId(row.GetString(0)),
        Request = RunJson.Parse(row.GetString(1)),
        Status = Enum.Parse<RunStatus>(row.GetString(2), ignoreCase: true),
        Reason = ReadReason(Text(row, 3)),
        Message = Text(row, 4),
        CreatedAt = UnixTime.FromUnixTimeMicroseconds(row.GetInt64(5)),
        EndedAt = row.IsDBNull(6) ? null : UnixTime.FromUnixTimeMicroseconds(row.GetInt64(6)),
        BaseCommit = Text(row, 7),
        Tree = Text(row, 8),
        ChangeDigest = Text(row, 9),
        Published = Text(row, 10),
        Cost = new Money(row.GetInt64(11)),
        Turns = (int)row.GetInt64(12),
        Worker = Text(row, 13),
        CancelRequestedBy = Text(row, 14),
        CancelRequestedAt = row.IsDBNull(15) ? null : UnixTime.FromUnixTimeMicroseconds(row.GetInt64(15)),
        StartedAt = row.IsDBNull(16) ? null : UnixTime.FromUnixTimeMicroseconds(row.GetInt64(16)),
        IsDurable = row.GetInt64(17) != 0,
        Starts = (int)row.GetInt64(18),
        Worked = TimeSpan.FromMicroseconds(row.GetInt64(19)),
        Checkpoint = RunRow.Checkpoint(Text(row, 20)),
        Hint = Text(row, 21),
    };

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static FailReason? ReadReason(string? name) =>
        name is null ? null : Enum.Parse<FailReason>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
}
