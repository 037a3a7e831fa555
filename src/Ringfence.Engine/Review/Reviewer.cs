using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Verification;
using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary>What the gates say of a change set.</summary>
/// <param name="Findings">Without those that a waiver lets pass.</param>
/// <param name="Waived">Those, with who decided it and until when, in words.</param>
/// <param name="Blocked">What keeps it from leaving; null when it may.</param>
public sealed record ReviewResult(IReadOnlyList<Finding> Findings, IReadOnlyList<string> Waived, IReadOnlyList<CheckResult> Checks, Failure? Blocked);

/// <summary>Lets the gates look at a change set before it leaves, and puts on record what they found and what was waived.</summary>
public sealed class Reviewer(WaiverStore waivers, TimeProvider time)
{
    /// <param name="approvedDigest">Digest of the change set that people said yes to; null when nobody had to.</param>
    public async Task<ReviewResult> ReviewAsync(
        ActiveRun run, Workspace workspace, IReadOnlyList<CheckResult> checks, string? approvedDigest, CancellationToken cancellationToken)
    {
        var changes = run.Changes!;

        if (!(await ReviewReader.ReadAsync(workspace, changes, cancellationToken)).Succeeded(out var files, out var why))
        {
            return new ReviewResult([], [], checks, why[0]);
        }

        var commands = run.Request.Tools.Deny.Count == 0 ? [] : await run.Recorder.EventsAsync(["command.started"], cancellationToken);
        IReadOnlyList<Finding> found = [.. ToolGate.Review(run.Request.Tools, commands.Select(happened => happened.Fact).OfType<CommandStarted>()), .. Gates.Review(run.Request.Rules, changes, files)];
        var known = await waivers.InForceAsync(run.Request, cancellationToken);
        var now = time.GetUtcNow();
        var (left, waived) = (new List<Finding>(), new List<string>());

        foreach (var finding in found)
        {
            run.Recorder.Append(new GateFinding(finding.Gate, finding.Severity.ToString().ToLowerInvariant(), finding.Place, finding.Evidence));

            if (finding.Severity is FindingSeverity.Note || known.FirstOrDefault(waiver => waiver.Covers(finding, now)) is not { } waiver)
            {
                left.Add(finding);
                continue;
            }

            run.Recorder.Append(new GateWaived(finding.Gate, finding.Place, waiver.By, waiver.Reason, waiver.Expires.ToUnixTimeMilliseconds() * 1000));
            waived.Add($"waived {finding.Gate} at {finding.Place}: {finding.Evidence} (by {waiver.By} until {waiver.Expires:yyyy-MM-dd}: {waiver.Reason})");
        }

        // Whether the checks and the approval speak of this tree is no matter of taste: no waiver covers it.
        foreach (var finding in Gates.Trees(changes, run.Request.Done, checks, approvedDigest))
        {
            run.Recorder.Append(new GateFinding(finding.Gate, finding.Severity.ToString().ToLowerInvariant(), finding.Place, finding.Evidence));
            left.Add(finding);
        }

        var blocking = left.Where(finding => finding.Severity is FindingSeverity.Block).ToList();
        return new ReviewResult(left, waived, checks, blocking.Count == 0 ? null : new Failure(
            "blocked_by_gate",
            $"{blocking.Count} {(blocking.Count == 1 ? "finding keeps" : "findings keep")} the change from leaving: "
            + string.Join("; ", blocking.Take(5).Select(finding => $"{finding.Gate} at {finding.Place}: {finding.Evidence}")),
            "It is kept: `ringfence diff RUN` shows it, `ringfence apply RUN` takes it on your own word; somebody else can waive a finding: `ringfence waive`."));
    }
}
