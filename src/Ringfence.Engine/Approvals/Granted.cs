using Ringfence.Runs;

namespace Ringfence.Approvals;

/// <summary>What people have said about one run. A yes widens exactly what was shown, for this run alone.</summary>
internal sealed class Granted(IReadOnlyList<(Approval Approval, ApprovalSubject Subject)> asked)
{
    /// <summary>The last question: when the run goes on, it is from there.</summary>
    public (Approval Approval, ApprovalSubject Subject)? Last => asked.Count == 0 ? null : asked[^1];

    public ApprovalSubject? Plan => Approved(ApprovalKind.Plan).Select(a => a.Subject).LastOrDefault();

    public IReadOnlyList<Approval> Diffs => [.. Approved(ApprovalKind.Diff).Select(a => a.Approval)];

    /// <summary>Digest of the change set that people said yes to; null when nobody did.</summary>
    public string? ChangeDigest => Approved(ApprovalKind.Diff).Select(a => a.Subject.ChangeDigest).LastOrDefault();

    public IReadOnlyList<string> Hosts => [.. Approved(ApprovalKind.Network).SelectMany(a => a.Subject.Hosts ?? []).Distinct()];

    /// <summary>Hosts that were asked about, whatever the answer: nobody is asked twice.</summary>
    public IReadOnlyList<string> HostsAsked => [.. asked.SelectMany(a => a.Subject.Hosts ?? []).Distinct()];

    public Money Raised => Approved(ApprovalKind.Budget).Aggregate(Money.Zero, (sum, a) => sum + new Money(a.Subject.Raise ?? 0));

    /// <summary>The request as it is now.</summary>
    public RunRequest Apply(RunRequest request) => request with
    {
        Limits = request.Limits with { Cost = request.Limits.Cost + Raised },
        Network = request.Network with { Allow = [.. request.Network.Allow, .. Hosts.Except(request.Network.Allow)] },
    };

    private IEnumerable<(Approval Approval, ApprovalSubject Subject)> Approved(ApprovalKind kind) =>
        asked.Where(a => a.Approval.Status == ApprovalStatus.Approved && a.Approval.Kind == kind);
}
