using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Verification;
using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary>Lets the gates look at a change set before it leaves, and puts on record what they found.</summary>
public static class Reviewer
{
    /// <summary>Null when the change set may leave; else what stops it. Findings that only a person can weigh are on record and in the summary.</summary>
    public static async Task<Failure?> ReviewAsync(
        ActiveRun run, Workspace workspace, ChangeSet changes, IReadOnlyList<CheckResult> checks, CancellationToken cancellationToken)
    {
        if (!(await ReviewReader.ReadAsync(workspace, changes, cancellationToken)).Succeeded(out var files, out var why))
        {
            return why[0];
        }

        IReadOnlyList<Finding> findings = [.. Gates.Review(run.Request.Rules, changes, files), .. Gates.Trees(changes, checks, approvedDigest: null)];

        foreach (var finding in findings)
        {
            run.Recorder.Append(new GateFinding(finding.Gate, finding.Severity.ToString().ToLowerInvariant(), finding.Place, finding.Evidence));
        }

        var blocking = findings.Where(finding => finding.Severity is FindingSeverity.Block).ToList();
        return blocking.Count == 0 ? null : new Failure(
            "blocked_by_gate",
            $"{blocking.Count} {(blocking.Count == 1 ? "finding keeps" : "findings keep")} the change from leaving: "
            + string.Join("; ", blocking.Take(5).Select(finding => $"{finding.Gate} at {finding.Place}: {finding.Evidence}")),
            "It is kept: `ringfence diff RUN` shows it, `ringfence apply RUN` takes it on your own word.");
    }
}
