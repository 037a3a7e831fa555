using Ringfence.Access;

namespace Ringfence.Approvals;

/// <summary>A person who wants to decide, as the entry point recognised them.</summary>
/// <param name="Principal">Such as <c>alice@host</c> or <c>key:alice</c>.</param>
/// <param name="AuthenticatedBy"><c>os_user</c>, <c>api_key</c> or <c>signed_link</c>.</param>
/// <param name="Channel"><c>cli</c>, <c>api</c> or <c>link</c>.</param>
public sealed record Approver(string Principal, Role Role, string AuthenticatedBy, string Channel);

/// <summary>Who may answer, and when enough have. Pure: no clock, no store.</summary>
public static class ApprovalRules
{
    /// <summary>
    /// Why this person may not answer this question; null when they may. A yes to what is one's own is a conflict. A no is none: whoever asked for something
    /// may take it back, also when others are asked.
    /// </summary>
    public static Failure? Refusal(Approval approval, Approver person, string digest, bool approves, DateTimeOffset now)
    {
        var who = Printable.Escape(person.Principal);
        var takesBack = !approves && (Is(approval.RequestedBy, person) || Is(approval.TriggerAuthor, person));

        return
            approval.Status != ApprovalStatus.Pending ? new Failure(
                "approval_closed", $"Approval {approval.Id} is {approval.Status.ToString().ToLowerInvariant()} already.", $"ringfence show {approval.Run}")
            : now >= approval.ExpiresAt ? new Failure("approval_expired", $"Approval {approval.Id} has expired.", "Start the run again.")
            : person.Role < Role.Approver ? new Failure(
                "not_an_approver", $"{who} may not approve: the role {Role.Approver.ToString().ToLowerInvariant()} is needed.", "An admin gives roles: POST /v1/keys.")
            : IsMachine(person.Principal) ? new Failure("not_a_person", $"{who} is no person; agents and runs decide nothing.")
            : approves && Is(approval.RequestedBy, person) ? new Failure(
                "self_approval", $"{who} asked for this run and cannot approve it.", "Somebody else must. You can take it back: `ringfence reject`.")
            : approves && Is(approval.TriggerAuthor, person) ? new Failure(
                "self_approval", $"{who} wrote what triggered this run and cannot approve it.", "Somebody else must. You can take it back: `ringfence reject`.")
            : approval.Answers.Any(answer => Is(answer.By, person)) ? new Failure("already_answered", $"{who} has answered already.")
            : !takesBack && !approval.Needs.Any(need => need.Counts(person.Principal)) ? new Failure(
                "not_asked", $"{who} is not among those who are asked: {string.Join(", ", approval.Needs.SelectMany(need => need.From).Distinct())}.")
            : !string.Equals(digest, approval.Digest, StringComparison.Ordinal) ? new Failure(
                "digest_differs", $"What is asked has the digest {approval.Digest}, not {Printable.Escape(digest)}.", $"Look at it again: ringfence approve {approval.Run}")
            : null;
    }

    /// <summary>Whether every condition has its count of different people who said yes. One person may count for several conditions, once for each.</summary>
    public static bool IsSatisfied(IReadOnlyList<ApprovalNeed> needs, IEnumerable<string> approvedBy)
    {
        var people = approvedBy.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return needs.Count > 0 && needs.All(need => people.Count(need.Counts) >= need.Count);
    }

    private static bool IsMachine(string principal) =>
        principal.Length == 0 || principal.StartsWith("agent:", StringComparison.OrdinalIgnoreCase) || principal.StartsWith("run:", StringComparison.OrdinalIgnoreCase);

    private static bool Is(string? name, Approver person) => string.Equals(name?.Trim(), person.Principal.Trim(), StringComparison.OrdinalIgnoreCase);
}
