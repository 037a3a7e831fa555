using Ringfence.Runs;

namespace Ringfence.Approvals;

/// <summary>What people have said about one run. A yes widens exactly what was shown, for this run alone.</summary>
internal sealed class Granted(IReadOnlyList<(Approval Approval, ApprovalSubject Subject)> asked)
{
    /// <summary>The last question, where it was answered: the run goes on from it.</summary>
    public (Approval Approval, ApprovalSubject Subject)? Last => asked.Count == 0 ? null : asked[^1];

    public ApprovalSubject? Plan => Approved(ApprovalKind.Plan).LastOrDefault();

    public IReadOnlyList<ApprovalSubject> Diffs => [.. Approved(ApprovalKind.Diff)];

    public IReadOnlyList<string> Hosts => [.. Approved(ApprovalKind.Network).SelectMany(subject => subject.Hosts ?? []).Distinct()];

    /// <summary>Hosts that were asked about, whatever the answer: nobody is asked twice.</summary>
    public IReadOnlyList<string> HostsAsked => [.. asked.Where(a => a.Subject.Kind == ApprovalKind.Network).SelectMany(a => a.Subject.Hosts ?? []).Distinct()];

    public Money Raised => Approved(ApprovalKind.Budget).Aggregate(Money.Zero, (sum, subject) => sum + new Money(subject.Raise ?? 0));

    /// <summary>The request as it is now.</summary>
    public RunRequest Apply(RunRequest request) => request with
    {
        Limits = request.Limits with { Cost = request.Limits.Cost + Raised },
        Network = request.Network with { Allow = [.. request.Network.Allow, .. Hosts.Except(request.Network.Allow)] },
    };

    private IEnumerable<ApprovalSubject> Approved(ApprovalKind kind) =>
        asked.Where(a => a.Approval.Status == ApprovalStatus.Approved && a.Approval.Kind == kind).Select(a => a.Subject);
}
