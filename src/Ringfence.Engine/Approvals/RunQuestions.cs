using Ringfence.Agents;
using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Review;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.Approvals;

/// <summary>
/// What a run has to ask people before it may go on. Each question is built from facts; what comes back is the waiting, or null when nobody need be
/// asked. A run asks nothing that its workflow, or the server's policy, does not name.
/// </summary>
internal sealed class RunQuestions(ApprovalDesk desk, ActiveRun run, Workspace workspace, Granted granted)
{
    /// <summary>True when the agent must first say what it means to do.</summary>
    public bool WantsPlan => Asks(ApprovalKind.Plan) && granted.Plan is null;

    /// <summary>The first words to the agent, or the next ones after an answer.</summary>
    public AgentTask Tell(AgentTask task) => granted.Last?.Subject switch
    {
        _ when run.Run.Checkpoint is null => granted.Plan?.Plan is { } plan ? task.Add($"This plan was approved; follow it, and stop where it turns out to be wrong:\n\n{plan}") : task,
        { Kind: ApprovalKind.Network, Hosts: { } hosts } => task.GoOn($"These hosts may be reached now: {string.Join(", ", hosts)}. Go on where you were refused."),
        { Kind: ApprovalKind.Budget } => task.GoOn("You may use more money now. Go on where you were stopped."),
        _ => task.GoOn("Go on where you were stopped."),
    };

    public Task<RunOutcome> PlanAsync(string plan, CancellationToken cancellationToken) =>
        AskAsync(Subject(ApprovalKind.Plan) with { Plan = plan }, checkpoint: null, cancellationToken);

    /// <summary>More money or hosts, when the agent lacked them.</summary>
    public async Task<RunOutcome?> AfterAgentAsync(AgentEnding ending, AgentTask task, CancellationToken cancellationToken)
    {
        if (ending.Stop is { Reason: FailReason.MaxCost } && Asks(ApprovalKind.Budget)
            && (await run.Recorder.FactsAsync<BudgetDenied>(cancellationToken)) is [.., var denied] && denied.Scope == $"run:{run.Id}")
        {
            var limit = run.Request.Limits.Cost;
            var raise = run.Request.Approve.First(rule => rule.Kind == ApprovalKind.Budget).Raise ?? limit - granted.Raised;
            return await AskAsync(
                Subject(ApprovalKind.Budget) with { Spent = run.Run.Cost.Nanodollars, Limit = limit.Nanodollars, Raise = raise.Nanodollars },
                new RunCheckpoint(RunStatus.Running, task.Attempt, ending.Session), cancellationToken);
        }

        if (ending.Stop is null or { Reason: FailReason.AgentError } && Asks(ApprovalKind.Network) && await RefusedHostsAsync(cancellationToken) is { Count: > 0 } hosts)
        {
            // Without the hosts, a change that the agent was content with can be verified as it is.
            var stage = ending.Stop is null && run.Changes is { IsEmpty: false } ? RunStatus.Verifying : RunStatus.Running;
            return await AskAsync(Subject(ApprovalKind.Network) with { Hosts = hosts }, new RunCheckpoint(stage, task.Attempt, ending.Session), cancellationToken);
        }

        return null;
    }

    /// <summary>The change set, before it leaves. A yes to anything else than exactly this is voided, and people are asked again.</summary>
    public async Task<RunOutcome?> BeforeLeavingAsync(ReviewResult review, CancellationToken cancellationToken)
    {
        var changes = run.Changes!;

        if (ApprovalRule.Needs(run.Request.Approve, ApprovalKind.Diff, [.. changes.Files.Select(file => file.Path.ToString())]).Count == 0)
        {
            return null;
        }

        var subject = Subject(ApprovalKind.Diff) with
        {
            Tree = changes.Tree,
            ChangeDigest = changes.Digest,
            Output = run.Request.Output.ToString().ToLowerInvariant(),
            Files = [.. changes.Files.Select(file => $"{file.Operation.ToString().ToLowerInvariant()} {file.Path} {(file.LinesAdded < 0 ? "binary" : $"+{file.LinesAdded} -{file.LinesRemoved}")}")],
            Findings = [.. review.Findings.Select(finding => $"{finding.Severity.ToString().ToLowerInvariant()} {finding.Gate} at {finding.Place}: {finding.Evidence}").Concat(review.Waived)],
            Checks = [.. review.Checks.Select(check => check.Command)],
        };

        var digest = Shown.Digest(Shown.Of(subject));

        if (granted.Diffs.Any(approved => approved.Digest == digest))
        {
            return null;
        }

        foreach (var other in granted.Diffs)
        {
            await ApprovalDesk.VoidAsync(run, other, "what is to leave is not what was shown", cancellationToken);
        }

        return await AskAsync(subject, run.Run.Checkpoint, cancellationToken);
    }

    private bool Asks(ApprovalKind kind) => run.Request.Approve.Any(rule => rule.Kind == kind);

    private ApprovalSubject Subject(ApprovalKind kind) =>
        new() { Kind = kind, Run = run.Id.Value, Repository = run.Request.Repository, Base = workspace.BaseCommit };

    private async Task<RunOutcome> AskAsync(ApprovalSubject subject, RunCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        var asked = await desk.AskAsync(run, subject, checkpoint, cancellationToken);
        return new RunOutcome.Waiting(asked.Kind, asked.Digest, run.Changes);
    }

    /// <summary>
    /// What the door refused because no rule named it, as a name that was looked up (port 53) or a connection. Addresses, and names that no rule could
    /// allow, are not offered.
    /// </summary>
    private async Task<IReadOnlyList<string>> RefusedHostsAsync(CancellationToken cancellationToken) =>
    [
        .. (await run.Recorder.FactsAsync<NetworkConnection>(cancellationToken))
            .Where(connection => !connection.Allowed && connection.Reason is EgressReasons.NotInAllowList or EgressReasons.PortNotAllowed)
            .Select(connection => connection.Port is 80 or 443 or 53 ? connection.Host : $"{connection.Host}:{connection.Port}")
            .Distinct().Except(granted.HostsAsked).Order(StringComparer.Ordinal)
            .Where(host => !EgressRules.Parse(new NetworkPolicy([host])).IsFailure).Take(20),
    ];
}
