using System.Security.Cryptography;
using System.Text.Json;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Approvals;

/// <summary>
/// Where runs ask and people answer. An answer is on the run's record, in one transaction with its row, before it has an effect; the effect is that
/// the run is queued again or ends. Waiting holds no process, no sandbox and no memory.
/// </summary>
public sealed class ApprovalDesk(Database database, RunStore runs, TimeProvider time)
{
    private const int LongestComment = 2000;

    private readonly ApprovalStore store = new(database);

    /// <summary>The newest first.</summary>
    /// <param name="limit">1 to 1,000.</param>
    public Task<IReadOnlyList<Approval>> ListAsync(bool pendingOnly, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(pendingOnly, limit, cancellationToken);

    /// <summary>One approval by its id, or the latest of a run by the run's whole id. Fails with <c>unknown_approval</c>.</summary>
    public async Task<Result<Approval>> ShowAsync(string idOrRun, CancellationToken cancellationToken) =>
        await store.FindAsync(idOrRun, cancellationToken) is { } approval
            ? approval
            : new Failure("unknown_approval", $"Nobody was asked about {Printable.Escape(idOrRun)}.", "`ringfence approve` lists what waits.");

    /// <summary>
    /// A person's answer. The digest must be that of what they were shown. Returns the approval as it is then: still pending where more people must
    /// agree. One no ends it.
    /// </summary>
    /// <param name="comment">At most 2,000 characters; needed for a no.</param>
    /// <remarks>
    /// Failures: <c>unknown_approval</c>, <c>approval_closed</c>, <c>approval_expired</c>, <c>not_an_approver</c>, <c>not_a_person</c>,
    /// <c>self_approval</c>, <c>already_answered</c>, <c>not_asked</c>, <c>digest_differs</c>, <c>reason_missing</c>, <c>comment_too_long</c>.
    /// </remarks>
    public async Task<Result<Approval>> DecideAsync(
        string approvalId, Approver person, string digest, bool approves, string? comment, CancellationToken cancellationToken)
    {
        if (!approves && string.IsNullOrWhiteSpace(comment))
        {
            return new Failure("reason_missing", "A no needs a reason: whoever asked must know what to do about it.");
        }

        if (comment?.Length > LongestComment)
        {
            return new Failure("comment_too_long", $"A comment has at most {LongestComment:N0} characters.");
        }

        if (!(await ShowAsync(approvalId, cancellationToken)).Succeeded(out var approval, out var why)
            || ApprovalRules.Refusal(approval, person, digest, approves, time.GetUtcNow()) is { } early && (why = [early]).Count > 0)
        {
            return Result.Fail<Approval>(why);
        }

        await using var held = await WaitingRun.TakeAsync(database, runs, approval.Run, time, cancellationToken);

        // Asked again now that nobody else can answer: the first look was outside of any lock.
        approval = (await store.FindAsync(approval.Id, CancellationToken.None))!;

        if (held is null || held.Run.CancelRequestedBy is not null)
        {
            return new Failure("approval_closed", $"Run {approval.Run} does not wait any more.", $"ringfence show {approval.Run}");
        }

        if (ApprovalRules.Refusal(approval, person, digest, approves, time.GetUtcNow()) is { } refusal)
        {
            return refusal;
        }

        var answer = new ApprovalAnswer(person.Principal, approves, person.AuthenticatedBy, person.Channel, comment, time.GetUtcNow());
        var becomes = !approves ? ApprovalStatus.Rejected
            : ApprovalRules.IsSatisfied(approval.Needs, [.. approval.Answers.Where(a => a.Approves).Select(a => a.By), answer.By]) ? ApprovalStatus.Approved
            : ApprovalStatus.Pending;

        await held.Recorder.CommitAsync(
            new ApprovalDecided(
                ApprovalStore.Name(approval.Kind), approval.Digest, approves ? "approved" : "rejected", answer.By, answer.AuthenticatedBy, answer.Channel, comment),
            transaction => ApprovalStore.AnswerAsync(transaction, approval, answer, becomes), CancellationToken.None);

        approval = (await store.FindAsync(approval.Id, CancellationToken.None))!;
        await FollowAsync(held, approval);
        return approval;
    }

    /// <summary>Ends what waited too long or was cancelled, and lets go on what a crash left between an answer and its effect. Call it every second or so.</summary>
    /// <returns>How many runs moved.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var moved = 0;

        foreach (var run in await store.RipeAsync(time.GetUtcNow(), cancellationToken))
        {
            await using var held = await WaitingRun.TakeAsync(database, runs, run, time, cancellationToken);

            if (held is null || await store.FindAsync(run.Value, CancellationToken.None) is not { } approval)
            {
                continue;
            }

            await FollowAsync(held, approval);
            moved++;
        }

        return moved;
    }

    /// <summary>The run with what people have granted it: more money, more hosts. Ask it whenever a run is taken up.</summary>
    public async Task<Run> ApplyAsync(Run run, CancellationToken cancellationToken) =>
        run with { Request = (await GrantedAsync(run.Id, cancellationToken)).Apply(run.Request) };

    /// <summary>Takes a yes back, because what was shown is not what there is.</summary>
    internal static async Task VoidAsync(ActiveRun run, Approval approval, string reason, CancellationToken cancellationToken) => await run.Recorder.CommitAsync(
        new ApprovalVoided(ApprovalStore.Name(approval.Kind), approval.Digest, reason),
        transaction => ApprovalStore.VoidAsync(transaction, approval.Id), cancellationToken);

    /// <summary>Puts a question: afterwards the run waits, and this process has nothing more to do with it.</summary>
    internal async Task<Approval> AskAsync(ActiveRun run, ApprovalSubject subject, RunCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        var request = run.Request;
        var shown = Shown.Of(subject);
        var now = time.GetUtcNow();
        var needs = ApprovalRule.Needs(request.Approve, subject.Kind, [.. run.Changes?.Files.Select(file => file.Path.ToString()) ?? []]);
        var approval = new Approval(
            "apr_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), run.Id, subject.Kind, Shown.Digest(shown), shown,
            needs.Count > 0 ? needs : [ApprovalNeed.Anyone], ApprovalStatus.Pending, request.RequestedBy, request.TriggerAuthor, now,
            now + ApprovalRule.WithinOf(request.Approve, subject.Kind));

        await run.WaitAsync(
            checkpoint,
            new ApprovalRequested(ApprovalStore.Name(approval.Kind), approval.Digest, [.. approval.Needs.SelectMany(need => need.From).Distinct()]),
            transaction => ApprovalStore.InsertAsync(transaction, approval), cancellationToken);
        return approval;
    }

    /// <summary>What people said about this run so far, and what follows from it.</summary>
    internal async Task<Granted> GrantedAsync(RunId run, CancellationToken cancellationToken) => new(
        [.. (await store.OfRunAsync(run, cancellationToken)).Select(asked =>
            (asked, JsonSerializer.Deserialize(asked.Shown, ApprovalJson.Default.ApprovalSubject)!))]);

    private async Task FollowAsync(WaitingRun held, Approval approval)
    {
        var kind = ApprovalStore.Name(approval.Kind);
        var now = time.GetUtcNow();

        if (held.Run.CancelRequestedBy is { } canceller)
        {
            if (approval.Status == ApprovalStatus.Pending)
            {
                await held.Recorder.CommitAsync(
                    new ApprovalVoided(kind, approval.Digest, "cancelled"),
                    transaction => ApprovalStore.CloseAsync(transaction, approval, ApprovalStatus.Voided, now), CancellationToken.None);
            }

            await held.EndAsync(RunStatus.Cancelled, null, $"Cancelled by {canceller}.", canceller);
        }
        else if (approval.Status == ApprovalStatus.Pending && now >= approval.ExpiresAt)
        {
            await held.Recorder.CommitAsync(
                new ApprovalExpired(kind, approval.Digest),
                transaction => ApprovalStore.CloseAsync(transaction, approval, ApprovalStatus.Expired, now), CancellationToken.None);
            await held.EndAsync(RunStatus.Failed, FailReason.Expired, $"Nobody answered about the {kind} in time.", null);
        }
        else if (approval.Status == ApprovalStatus.Expired)
        {
            await held.EndAsync(RunStatus.Failed, FailReason.Expired, $"Nobody answered about the {kind} in time.", null);
        }
        else if (approval.Status == ApprovalStatus.Approved)
        {
            // With new hosts the agent goes on, also where it had been content without them.
            await held.RequeueAsync(approval.Kind == ApprovalKind.Network ? held.Run.Checkpoint! with { Stage = RunStatus.Running } : held.Run.Checkpoint);
        }
        else if (approval is { Status: ApprovalStatus.Rejected, Kind: ApprovalKind.Network } && held.Run.Checkpoint?.Stage is RunStatus.Verifying)
        {
            await held.RequeueAsync(held.Run.Checkpoint);
        }
        else if (approval.Status == ApprovalStatus.Rejected)
        {
            var no = approval.Answers.Last(answer => !answer.Approves);
            await held.EndAsync(RunStatus.Failed, FailReason.Rejected, $"{no.By} rejected the {kind}: {no.Comment}", no.By);
        }
    }
}
