using Ringfence.Access;
using Ringfence.Approvals;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Approvals;

public sealed class A_waiting_run_in_SQLite() : A_waiting_run(null);

public sealed class A_waiting_run_in_PostgreSQL(PostgresCluster postgres) : A_waiting_run(postgres);

/// <summary>What a person says takes effect once it is on the record, for exactly what they saw, and never by the person who asked.</summary>
public abstract class A_waiting_run(PostgresCluster? postgres) : StoreTest(postgres)
{
    private readonly Clock clock = new();

    [Fact]
    public async Task Is_queued_again_by_a_yes_that_is_on_the_record()
    {
        var (desk, runs, asked) = await AskAsync();

        var approved = (await desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest, true, "looks good", Cancel)).Value;

        Assert.Equal(ApprovalStatus.Approved, approved.Status);
        var run = (await runs.FindAsync(asked.Run.Value, Cancel)).Value;
        Assert.Equal((RunStatus.Queued, null), (run.Status, run.Worker));

        var events = await new AuditReader(await OpenAsync()).AllAsync(asked.Run, Cancel);
        Assert.Equal(["approval.requested", "run.state", "approval.decided", "run.state"], events.Select(e => e.Type).TakeLast(4));
        var decided = (ApprovalDecided)events[^2].Fact!;
        Assert.Equal((asked.Digest, "approved", "key:bob", "api_key", "cli", "looks good"),
            (decided.Digest, decided.Decision, decided.By, decided.AuthenticatedBy, decided.Channel, decided.Comment));
        Assert.Equal(asked.Digest, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(asked.Shown))));
    }

    [Fact]
    public async Task Stays_with_whoever_takes_it_up_in_the_moment_in_which_it_is_queued()
    {
        var (desk, runs, asked) = await AskAsync();
        var deciding = Task.Run(() => desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest, true, null, Cancel));
        Run? taken = null;

        while (taken is null && !deciding.IsCompleted)
        {
            taken = await runs.ClaimNextAsync(1, Cancel);
        }

        Assert.Equal(ApprovalStatus.Approved, (await deciding).Value.Status);
        taken ??= await runs.ClaimNextAsync(1, Cancel);
        Assert.True((await runs.LookAsync(taken!.Id, Cancel)).IsHeld);
    }

    [Fact]
    public async Task Fails_by_a_no_with_its_reason()
    {
        var (desk, runs, asked) = await AskAsync();

        Assert.Equal("reason_missing", (await desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest, false, " ", Cancel)).Failures[0].Code);
        Assert.Equal(ApprovalStatus.Rejected, (await desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest, false, "too wide", Cancel)).Value.Status);

        var run = (await runs.FindAsync(asked.Run.Value, Cancel)).Value;
        Assert.Equal((RunStatus.Failed, FailReason.Rejected, "key:bob rejected the diff: too wide"), (run.Status, run.Reason, run.Message));
    }

    [Theory]
    [InlineData("ada@host", Role.Admin, "self_approval")]
    [InlineData(" ADA@host", Role.Admin, "self_approval")]
    [InlineData("eve@issues", Role.Admin, "self_approval")]
    [InlineData("key:bob", Role.Runner, "not_an_approver")]
    [InlineData("agent:claude-code", Role.Admin, "not_a_person")]
    [InlineData("run:0123456789abcdef", Role.Admin, "not_a_person")]
    [InlineData("", Role.Admin, "not_a_person")]
    public async Task Is_moved_by_nobody_who_may_not(string principal, Role role, string code)
    {
        var (desk, runs, asked) = await AskAsync();

        var refused = await desk.DecideAsync(asked.Id, Person(principal) with { Role = role }, asked.Digest, true, null, Cancel);

        Assert.Equal(code, Assert.Single(refused.Failures).Code);
        Assert.Equal(RunStatus.Waiting, (await runs.FindAsync(asked.Run.Value, Cancel)).Value.Status);
    }

    /// <summary>A yes to what is one's own is a conflict; a no is none.</summary>
    [Theory]
    [InlineData("ada@host")]
    [InlineData("eve@issues")]
    public async Task Is_taken_back_by_who_asked_for_it_also_when_others_are_asked(string principal)
    {
        var (desk, runs, asked) = await AskAsync(new ApprovalRule(ApprovalKind.Diff) { From = ["security"], Members = ["key:sam"] });

        Assert.Equal("not_asked", (await desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest, false, "no", Cancel)).Failures[0].Code);
        Assert.Equal("self_approval", (await desk.DecideAsync(asked.Id, Person(principal), asked.Digest, true, null, Cancel)).Failures[0].Code);
        Assert.Equal("digest_differs", (await desk.DecideAsync(asked.Id, Person(principal), new string('0', 64), false, "no", Cancel)).Failures[0].Code);
        Assert.Equal(ApprovalStatus.Rejected, (await desk.DecideAsync(asked.Id, Person(principal), asked.Digest, false, "changed my mind", Cancel)).Value.Status);

        var run = (await runs.FindAsync(asked.Run.Value, Cancel)).Value;
        Assert.Equal((RunStatus.Failed, FailReason.Rejected, $"{principal} rejected the diff: changed my mind"), (run.Status, run.Reason, run.Message));
        Assert.Equal(principal, Assert.Single(await new AuditReader(await OpenAsync()).FactsAsync<ApprovalDecided>(asked.Run, Cancel)).By);
    }

    [Fact]
    public async Task Is_not_moved_by_a_yes_to_something_else()
    {
        var (desk, runs, asked) = await AskAsync();

        Assert.Equal("digest_differs", (await desk.DecideAsync(asked.Id, Person("key:bob"), new string('0', 64), true, null, Cancel)).Failures[0].Code);
        Assert.Equal("digest_differs", (await desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest[..12], true, null, Cancel)).Failures[0].Code);
        Assert.Equal(RunStatus.Waiting, (await runs.FindAsync(asked.Run.Value, Cancel)).Value.Status);
    }

    [Fact]
    public async Task Waits_until_every_condition_has_its_people()
    {
        var (desk, runs, asked) = await AskAsync(
            new ApprovalRule(ApprovalKind.Diff) { Count = 2 },
            new ApprovalRule(ApprovalKind.Diff) { From = ["security"], Members = ["key:sam", "key:sue"] });

        Assert.Equal(ApprovalStatus.Pending, (await YesAsync("key:bob")).Status);
        Assert.Equal("already_answered", (await desk.DecideAsync(asked.Id, Person("key:BOB"), asked.Digest, true, null, Cancel)).Failures[0].Code);
        Assert.Equal(ApprovalStatus.Pending, (await YesAsync("key:cat")).Status);
        Assert.Equal(RunStatus.Waiting, (await runs.FindAsync(asked.Run.Value, Cancel)).Value.Status);
        Assert.Equal(ApprovalStatus.Approved, (await YesAsync("key:sam")).Status);
        Assert.Equal(RunStatus.Queued, (await runs.FindAsync(asked.Run.Value, Cancel)).Value.Status);

        async Task<Approval> YesAsync(string who) => (await desk.DecideAsync(asked.Id, Person(who), asked.Digest, true, null, Cancel)).Value;
    }

    [Fact]
    public async Task Takes_the_answers_of_many_at_once_one_after_the_other()
    {
        var (desk, runs, asked) = await AskAsync(new ApprovalRule(ApprovalKind.Diff) { Count = 4 });
        var replica = new ApprovalDesk(await OpenAsync(clock), new RunStore(await OpenAsync(clock), clock), clock);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() =>
            (i % 2 == 0 ? desk : replica).DecideAsync(asked.Id, Person($"key:p{i}"), asked.Digest, true, null, Cancel))));

        Assert.Equal(4, answers.Count(answer => !answer.IsFailure));
        Assert.Single(answers, answer => !answer.IsFailure && answer.Value.Status == ApprovalStatus.Approved);
        Assert.All(answers.SelectMany(answer => answer.Failures), failure => Assert.Equal("approval_closed", failure.Code));
        Assert.Equal(4, (await new AuditReader(await OpenAsync()).FactsAsync<ApprovalDecided>(asked.Run, Cancel)).Count);
        Assert.Equal(RunStatus.Queued, (await runs.FindAsync(asked.Run.Value, Cancel)).Value.Status);
    }

    [Fact]
    public async Task Expires_and_is_never_approved_by_time()
    {
        var (desk, runs, asked) = await AskAsync(new ApprovalRule(ApprovalKind.Diff) { Within = TimeSpan.FromHours(1) });

        Assert.Equal(0, await desk.SweepAsync(Cancel));
        clock.Now += TimeSpan.FromHours(1);
        Assert.Equal("approval_expired", (await desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest, true, null, Cancel)).Failures[0].Code);
        Assert.Equal(1, await desk.SweepAsync(Cancel));

        var run = (await runs.FindAsync(asked.Run.Value, Cancel)).Value;
        Assert.Equal((RunStatus.Failed, FailReason.Expired), (run.Status, run.Reason));
        Assert.Equal(ApprovalStatus.Expired, (await desk.ShowAsync(asked.Id, Cancel)).Value.Status);
        Assert.Equal(0, await desk.SweepAsync(Cancel));
    }

    [Fact]
    public async Task Ends_when_it_is_cancelled_and_takes_no_answer_any_more()
    {
        var (desk, runs, asked) = await AskAsync();
        await runs.TryRequestCancelAsync(asked.Run, "ada@host", Cancel);

        Assert.Equal("approval_closed", (await desk.DecideAsync(asked.Id, Person("key:bob"), asked.Digest, true, null, Cancel)).Failures[0].Code);
        Assert.Equal(1, await desk.SweepAsync(Cancel));

        Assert.Equal(RunStatus.Cancelled, (await runs.FindAsync(asked.Run.Value, Cancel)).Value.Status);
        Assert.Equal(ApprovalStatus.Voided, (await desk.ShowAsync(asked.Run.Value, Cancel)).Value.Status);
        Assert.Single(await new AuditReader(await OpenAsync()).FactsAsync<ApprovalVoided>(asked.Run, Cancel));
    }

    [Fact]
    public async Task Is_answered_once_by_a_link_that_nobody_can_change()
    {
        var database = await OpenAsync(clock);
        var (desk, runs, asked) = await AskAsync();
        var links = new ApprovalLinks(database, desk, clock);
        var admin = Person("key:root") with { Role = Role.Admin };

        Assert.Equal("forbidden", (await links.IssueAsync(asked.Id, "bob@example.com", Person("key:sam"), TimeSpan.FromHours(1), Cancel)).Failures[0].Code);
        Assert.Equal("self_approval", (await links.IssueAsync(asked.Id, "bob@example.com", admin with { Principal = "ada@host" }, TimeSpan.FromHours(1), Cancel)).Failures[0].Code);
        Assert.Equal("self_approval", (await links.IssueAsync(asked.Id, "ada@host", admin, TimeSpan.FromHours(1), Cancel)).Failures[0].Code);

        var late = (await links.IssueAsync(asked.Id, "sue@example.com", admin, TimeSpan.FromMinutes(1), Cancel)).Value;
        var token = (await links.IssueAsync(asked.Id, "bob@example.com", admin, TimeSpan.FromHours(1), Cancel)).Value;
        var parts = token.Split('.');
        clock.Now += TimeSpan.FromMinutes(2);

        Assert.Equal("link_expired", (await links.ShowAsync(late, Cancel)).Failures[0].Code);
        foreach (var forged in new[] { "", ".", parts[0], $"{parts[0]}.AAAA", $"{late.Split('.')[0]}.{parts[1]}", token + "A", "ä.ö" })
        {
            Assert.Equal("bad_link", (await links.DecideAsync(forged, asked.Digest, true, null, Cancel)).Failures[0].Code);
        }

        Assert.Equal(asked.Digest, (await links.ShowAsync(token, Cancel)).Value.Digest);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => links.DecideAsync(token, asked.Digest, true, null, Cancel))));

        Assert.Single(answers, answer => !answer.IsFailure);
        Assert.Equal("link_used", (await links.DecideAsync(token, asked.Digest, true, null, Cancel)).Failures[0].Code);
        Assert.Equal(RunStatus.Queued, (await runs.FindAsync(asked.Run.Value, Cancel)).Value.Status);
        var decided = Assert.Single(await new AuditReader(database).FactsAsync<ApprovalDecided>(asked.Run, Cancel));
        Assert.Equal(("bob@example.com", "signed_link", "link"), (decided.By, decided.AuthenticatedBy, decided.Channel));
    }

    private static Approver Person(string principal) => new(principal, Role.Approver, "api_key", "cli");

    private async Task<(ApprovalDesk Desk, RunStore Runs, Approval Asked)> AskAsync(params ApprovalRule[] rules)
    {
        var database = await OpenAsync(clock);
        var runs = new RunStore(database, clock);
        var desk = new ApprovalDesk(database, runs, clock);
        var created = await runs.CreateAsync(
            new RunRequest { Prompt = "p", Repository = "r", RequestedBy = "ada@host", TriggerAuthor = "eve@issues", Approve = rules }, Cancel);
        await using var recorder = await Recorder.OpenAsync(database, created.Id, clock, Cancel);
        var run = new ActiveRun(created, runs, recorder);
        await run.EnterAsync(RunStatus.Preparing, Cancel);
        await run.EnterAsync(RunStatus.Running, Cancel);
        await run.EnterAsync(RunStatus.Reviewing, Cancel);

        var asked = await desk.AskAsync(
            run, new ApprovalSubject { Kind = ApprovalKind.Diff, Run = run.Id.Value, Repository = "r", Base = "b", Tree = "t", ChangeDigest = "d" }, null, Cancel);
        return (desk, runs, asked);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(56);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
