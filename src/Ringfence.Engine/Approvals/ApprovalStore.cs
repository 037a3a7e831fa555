using System.Data.Common;
using System.Text.Json;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Approvals;

/// <summary>Questions and answers as rows. Who may answer is <see cref="ApprovalRules"/>', what follows is <see cref="ApprovalDesk"/>'s.</summary>
internal sealed class ApprovalStore(Database database)
{
    private const string Columns =
        "id, run, kind, digest, shown, needs, status, requested_by, trigger_author, requested_us, expires_us";

    public async Task<IReadOnlyList<Approval>> ListAsync(bool pendingOnly, int limit, CancellationToken cancellationToken) => await WithAnswersAsync(
        await database.QueryAsync(
            $"select {Columns} from approvals {(pendingOnly ? "where status = 'pending' and exists (select 1 from runs r where r.id = approvals.run and r.status = 'waiting')" : "")} order by requested_us desc, id limit @limit", Read,
            cancellationToken, ("limit", (long)limit)),
        cancellationToken);

    /// <summary>By its id, or the latest of a run.</summary>
    public async Task<Approval?> FindAsync(string idOrRun, CancellationToken cancellationToken) => (await WithAnswersAsync(
        await database.QueryAsync(
            $"select {Columns} from approvals where id = @id or run = @id order by requested_us desc limit 1", Read, cancellationToken, ("id", idOrRun)),
        cancellationToken)).SingleOrDefault();

    /// <summary>Everything that people were asked about a run, in order.</summary>
    public Task<IReadOnlyList<Approval>> OfRunAsync(RunId run, CancellationToken cancellationToken) => database.QueryAsync(
        $"select {Columns} from approvals where run = @run order by requested_us, id", Read, cancellationToken, ("run", run));

    public static Task InsertAsync(DatabaseTransaction transaction, Approval approval) => transaction.ExecuteAsync(
        """
        insert into approvals (id, run, kind, digest, shown, needs, status, requested_by, trigger_author, requested_us, expires_us)
        values (@id, @run, @kind, @digest, @shown, @needs, 'pending', @by, @author, @now, @expires)
        """,
        CancellationToken.None,
        ("id", approval.Id), ("run", approval.Run), ("kind", Name(approval.Kind)), ("digest", approval.Digest), ("shown", approval.Shown),
        ("needs", JsonSerializer.Serialize(approval.Needs, ApprovalJson.Default.IReadOnlyListApprovalNeed)),
        ("by", approval.RequestedBy), ("author", approval.TriggerAuthor),
        ("now", approval.RequestedAt), ("expires", approval.ExpiresAt));

    /// <summary>Keeps an answer, and the status that it leads to.</summary>
    public static async Task AnswerAsync(DatabaseTransaction transaction, Approval approval, ApprovalAnswer answer, ApprovalStatus becomes)
    {
        await transaction.ExecuteAsync(
            """
            insert into approval_answers (approval, decided_by, decision, authenticated_by, channel, comment, decided_us)
            values (@approval, @by, @decision, @how, @channel, @comment, @now)
            """,
            CancellationToken.None,
            ("approval", approval.Id), ("by", answer.By), ("decision", answer.Approves ? "approved" : "rejected"), ("how", answer.AuthenticatedBy),
            ("channel", answer.Channel), ("comment", answer.Comment), ("now", answer.At));
        await CloseAsync(transaction, approval, becomes, answer.At);
    }

    public static async Task CloseAsync(DatabaseTransaction transaction, Approval approval, ApprovalStatus becomes, DateTimeOffset now)
    {
        if (await transaction.ExecuteAsync(
            "update approvals set status = @status, decided_us = @now where id = @id and status = 'pending'", CancellationToken.None,
            ("id", approval.Id), ("status", Name(becomes)), ("now", becomes == ApprovalStatus.Pending ? null : now)) != 1)
        {
            throw new InvalidOperationException($"Approval {approval.Id} is closed already, though its run was held.");
        }
    }

    public static Task VoidAsync(DatabaseTransaction transaction, string id) => transaction.ExecuteAsync(
        "update approvals set status = 'voided' where id = @id", CancellationToken.None, ("id", id));

    /// <summary>Waiting runs about which something has been decided, or too late, or that somebody cancelled.</summary>
    public Task<IReadOnlyList<RunId>> RipeAsync(DateTimeOffset now, CancellationToken cancellationToken) => database.QueryAsync(
        """
        select r.id from runs r
         where r.status = 'waiting' and (r.worker is null or r.lease_expires_us < @now)
           and (r.cancel_requested_by is not null
                or not exists (select 1 from approvals a where a.run = r.id and a.status = 'pending' and a.expires_us > @now))
        """,
        row => new RunId(row.GetString(0)), cancellationToken, ("now", now));

    internal static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private async Task<IReadOnlyList<Approval>> WithAnswersAsync(IReadOnlyList<Approval> approvals, CancellationToken cancellationToken)
    {
        var answered = new List<Approval>();

        foreach (var approval in approvals)
        {
            answered.Add(approval with
            {
                Answers = await database.QueryAsync(
                    """
                    select decided_by, decision, authenticated_by, channel, comment, decided_us from approval_answers where approval = @id
                     order by decided_us, decided_by
                    """,
                    row => new ApprovalAnswer(
                        row.GetString(0), row.GetString(1) == "approved", row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4),
                        UnixTime.FromUnixTimeMicroseconds(row.GetInt64(5))),
                    cancellationToken, ("id", approval.Id)),
            });
        }

        return answered;
    }

    private static Approval Read(DbDataReader row) => new(
        row.GetString(0), new RunId(row.GetString(1)), Enum.Parse<ApprovalKind>(row.GetString(2), ignoreCase: true), row.GetString(3), row.GetString(4),
        JsonSerializer.Deserialize(row.GetString(5), ApprovalJson.Default.IReadOnlyListApprovalNeed)!,
        Enum.Parse<ApprovalStatus>(row.GetString(6), ignoreCase: true), row.GetString(7), row.IsDBNull(8) ? null : row.GetString(8),
        UnixTime.FromUnixTimeMicroseconds(row.GetInt64(9)), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(10)));
}
