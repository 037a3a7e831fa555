using System.Text.Json.Serialization;
using Ringfence.Runs;

namespace Ringfence.Approvals;

/// <summary>What a person is asked to agree to.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ApprovalKind>))]
public enum ApprovalKind
{
    /// <summary>What the agent means to do, before it changes anything.</summary>
    Plan,

    /// <summary>Hosts that the agent tried to reach and may not.</summary>
    Network,

    /// <summary>More money, after the run has used what it had.</summary>
    Budget,

    /// <summary>The change set, before it leaves.</summary>
    Diff,
}

[JsonConverter(typeof(SnakeCaseEnum<ApprovalStatus>))]
public enum ApprovalStatus
{
    Pending,
    Approved,
    Rejected,

    /// <summary>What was shown is not what is there any more, or the run ended otherwise.</summary>
    Voided,

    /// <summary>Nobody answered in time. That is never a yes.</summary>
    Expired,
}

/// <summary>A question to people, bound to the digest of exactly what they are shown.</summary>
/// <param name="Digest">SHA-256 over the bytes of <paramref name="Shown"/>, lower-case hex.</param>
/// <param name="Shown">One line of JSON: what is asked. Its <c>kind</c> and <c>run</c> are in it, so that no digest is good for another question.</param>
/// <param name="RequestedBy">Who started the run: may not answer.</param>
/// <param name="TriggerAuthor">Who wrote what triggered it (an issue, a comment, a schedule); may not answer either.</param>
public sealed record Approval(
    string Id, RunId Run, ApprovalKind Kind, string Digest, string Shown, IReadOnlyList<ApprovalNeed> Needs, ApprovalStatus Status, string RequestedBy,
    string? TriggerAuthor, DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt)
{
    public IReadOnlyList<ApprovalAnswer> Answers { get; init; } = [];
}

/// <summary>One condition of a yes: so many different people out of these.</summary>
/// <param name="Count">1 to 10.</param>
/// <param name="From">Groups and people as the workflow names them; empty is everyone who may approve.</param>
/// <param name="Members">The people behind <paramref name="From"/> when the question was put.</param>
/// <param name="Because">The paths that brought this condition about; empty when it always holds.</param>
public sealed record ApprovalNeed(int Count, IReadOnlyList<string> From, IReadOnlyList<string> Members, IReadOnlyList<string> Because)
{
    public static ApprovalNeed Anyone { get; } = new(1, [], [], []);

    public bool Counts(string person) => From.Count == 0 || Members.Contains(person, StringComparer.OrdinalIgnoreCase);
}

/// <param name="AuthenticatedBy">How the person was recognised: <c>os_user</c>, <c>api_key</c>, <c>signed_link</c>.</param>
public sealed record ApprovalAnswer(string By, bool Approves, string AuthenticatedBy, string Channel, string? Comment, DateTimeOffset At);
