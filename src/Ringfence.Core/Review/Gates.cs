using Ringfence.Verification;
using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary>The deterministic rules over a change set. No model, no network, no clock: a finding can be made again from the tree.</summary>
public static class Gates
{
    /// <summary>So many findings of one gate are listed; the rest is counted. An agent can make as many as it likes, a person reads no more.</summary>
    private const int MostOfOneGate = 200;

    /// <summary>What was found, the gravest first, then in order of path. Of a gate that found very much the gravest, and how many more.</summary>
    public static IReadOnlyList<Finding> Review(ReviewRules rules, ChangeSet changes, IReadOnlyList<ReviewFile> files)
    {
        var gates = new[]
        {
            ScopeGate.Review(rules, files),
            SizeGate.Review(rules, changes),
            ProtectedPathGate.Review(files),
            AutoExecutionGate.Review(files),
            FileKindGate.Review(files),
            LeftOutGate.Review(changes.Notes),
            SecretGate.Review(files),
            HiddenTextGate.Review(files),
            TestGate.Review(rules, files),
            DependencyGate.Review(rules, files),
        };

        return [.. gates.SelectMany(f => f).Distinct().OrderByDescending(f => f.Severity).GroupBy(f => f.Gate).SelectMany(Most).OrderByDescending(f => f.Severity)];
    }

    private static IEnumerable<Finding> Most(IGrouping<string, Finding> found)
    {
        var all = found.ToList();
        return all.Count <= MostOfOneGate ? all
            : [.. all.Take(MostOfOneGate), new Finding(found.Key, all[MostOfOneGate].Severity, ".", $"{all.Count - MostOfOneGate} more findings of this kind")];
    }

    /// <summary>
    /// Whether the checks speak of this tree: each must have passed on exactly it. A change after the last check, or a check on another tree,
    /// is a finding; so is a publication of another tree than the one that was approved.
    /// </summary>
    /// <param name="done">The checks that must have passed.</param>
    /// <param name="approvedDigest">Digest of the change set that a person approved; null when nobody had to.</param>
    public static IReadOnlyList<Finding> Trees(ChangeSet changes, IReadOnlyList<string> done, IReadOnlyList<CheckResult> checks, string? approvedDigest)
    {
        var findings = checks
            .Where(c => c.Tree != changes.Tree || !c.Passed)
            .Select(c => new Finding("verification", FindingSeverity.Block, ".",
                Printable.Escape(c.Passed ? $"{c.Command} ran on tree {c.Tree}, not on {changes.Tree}" : $"{c.Command} did not pass")))
            .Concat(done.Where(command => !checks.Any(c => c.Command == command))
                .Select(command => new Finding("verification", FindingSeverity.Block, ".", Printable.Escape($"{command} did not run on tree {changes.Tree}"))))
            .ToList();

        if (approvedDigest is not null && approvedDigest != changes.Digest)
        {
            findings.Add(new("approval", FindingSeverity.Block, ".", $"{approvedDigest} was approved, this is {changes.Digest}"));
        }

        return findings;
    }
}
