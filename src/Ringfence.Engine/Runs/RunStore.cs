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

    /// <summary>Moves a run, with its event and its checkpoint, in one transaction. A move that the table of moves does not know is a bug.</summary>
    /// <exception cref="RunTakenException">This process does not hold the run.</exception>
    public async Task<Run> MoveAsync(Run run, RunStatus to, Recorder recorder, CancellationToken cancellationToken)
    {
        if (!RunTransitions.CanMove(run.Status, to))
        {
            throw new InvalidOperationException($"Run {run.Id} cannot move from {run.Status} to {to}.");
        }

        await recorder.CommitAsync(
            new RunStateChanged(Name(run.Status), Name(to)),
            async transaction => MustChangeOne(run, await transaction.ExecuteAsync(
                """
                update runs set status = @to, stage = @to, started_us = coalesce(started_us, @now), checkpoint = @checkpoint
                 where id = @id and status = @from and worker = @me
                """,
                CancellationToken.None,
                ("id", run.Id), ("from", Name(run.Status)), ("to", Name(to)), ("now", time.GetUtcNow()), ("checkpoint", RunRow.Json(run.Checkpoint)),
                ("me", WorkerId.Current.ToString()))),
            cancellationToken);

        return run with { Status = to };
    }

    /// <summary>
    /// Moves a run to waiting and lets go of it, together with <paramref name="ask"/>. What it cost so far is kept with it, and from now on it is durable:
    /// people may take longer than the terminal that it was started in.
    /// </summary>
    public static async Task<Run> WaitAsync(Run run, Func<DatabaseTransaction, Task> ask, Recorder recorder, CancellationToken cancellationToken)
    {
        if (!RunTransitions.CanMove(run.Status, RunStatus.Waiting))
        {
            throw new InvalidOperationException($"Run {run.Id} cannot wait while {run.Status}.");
        }

        await recorder.CommitAsync(
            new RunStateChanged(Name(run.Status), Name(RunStatus.Waiting)),
            async transaction =>
            {
                MustChangeOne(run, await transaction.ExecuteAsync(
                    """
                    update runs
                       set status = 'waiting', stage = 'waiting', worker = null, lease_expires_us = null, durable = 1, cost_nano = @cost,
                           turns = @turns, checkpoint = @checkpoint, worked_us = @worked
                     where id = @id and status = @from and worker = @me
                    """,
                    CancellationToken.None, ("id", run.Id), ("checkpoint", RunRow.Json(run.Checkpoint)), ("worked", (long)run.Worked.TotalMicroseconds), ("from", Name(run.Status)), ("me", WorkerId.Current.ToString()), ("cost", run.Cost),
                    ("turns", (long)run.Turns)));
                await ask(transaction);
                await Outbox.AddAsync(transaction, run with { Status = RunStatus.Waiting }, transaction.Database.Time.GetUtcNow());
            },
            cancellationToken);

        return run with { Status = RunStatus.Waiting, Worker = null, IsDurable = true };
    }

    /// <summary>Adds time that a start of the run used.</summary>
    public Task AddWorkedAsync(RunId id, TimeSpan worked, CancellationToken cancellationToken) => database.ExecuteAsync(
        "update runs set worked_us = worked_us + @worked where id = @id", cancellationToken, ("id", id), ("worked", (long)worked.TotalMicroseconds));

    /// <summary>Keeps what is known so far, so that a crash leaves it to be found.</summary>
    public Task NoteAsync(Run run, CancellationToken cancellationToken) => database.ExecuteAsync(
        """
        update runs set base_commit = @base, tree = @tree, change_digest = @digest, branch = @branch, cost_nano = @cost, turns = @turns where id = @id
        """,
        cancellationToken,
        ("id", run.Id), ("base", run.BaseCommit), ("tree", run.Tree), ("digest", run.ChangeDigest), ("branch", run.Published),
        ("cost", run.Cost), ("turns", (long)run.Turns));

    /// <summary>Writes the ending and <c>run.ended</c> in one transaction.</summary>
    public async Task<Run> EndAsync(Run run, RunEnded ended, Recorder recorder, CancellationToken cancellationToken)
    {
        var status = Enum.Parse<RunStatus>(ended.Status, ignoreCase: true);

        if (!RunTransitions.CanMove(run.Status, status))
        {
            throw new InvalidOperationException($"Run {run.Id} cannot move from {run.Status} to {status}.");
        }

        var now = time.GetUtcNow();
        var after = run with { Status = status, Reason = ReadReason(ended.Reason), Message = ended.Message, EndedAt = now, Worker = null };

        await recorder.CommitAsync(
            ended,
            async transaction =>
            {
                MustChangeOne(run, await transaction.ExecuteAsync(
                    """
                    update runs
                       set status = @status, fail_reason = @reason, fail_message = @message, fail_hint = @hint, ended_us = @now, base_commit = @base, tree = @tree,
                           change_digest = @digest, branch = @branch, cost_nano = @cost, turns = @turns, worker = null, lease_expires_us = null
                     where id = @id and status = @from and worker = @me
                    """,
                    CancellationToken.None,
                    ("me", WorkerId.Current.ToString()), ("id", run.Id), ("from", Name(run.Status)), ("status", ended.Status), ("reason", ended.Reason),
                    ("message", ended.Message), ("hint", run.Hint), ("now", now), ("base", run.BaseCommit), ("tree", run.Tree), ("digest", run.ChangeDigest),
                    ("branch", run.Published), ("cost", run.Cost), ("turns", (long)run.Turns)));
                await Outbox.AddAsync(transaction, after, now);
            },
            cancellationToken);

        return after;
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

    private static void MustChangeOne(Run run, int changed)
    {
        if (changed != 1)
        {
            throw new RunTakenException($"Run {run.Id} is not {run.Status} in the store, or not ours: somebody else has it.");
        }
    }
}
