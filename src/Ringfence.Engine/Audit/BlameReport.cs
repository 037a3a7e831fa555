using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>Where a group of lines comes from.</summary>
/// <param name="Commit">Full object name; all zeros for lines that are not committed.</param>
/// <param name="Subject">First line of the commit's message.</param>
/// <param name="Runs">The runs behind the commit; empty when no run made it.</param>
public sealed record BlamedLines(int First, int Last, string Commit, string Author, string Subject, string Path, IReadOnlyList<BlamedRun> Runs);

/// <summary>A run as the origin of lines.</summary>
/// <param name="FoundBy"><c>commit</c> (the record names exactly this commit) or <c>trailer</c> (the message does: after a rebase or squash).</param>
/// <param name="By">Command or tool that changed the file; null when it cannot be told.</param>
/// <param name="Attribution">How that is known: <c>exact</c>, <c>window</c> or <c>inferred</c>.</param>
/// <param name="BySeq">Event of that command or tool call; -1 when unknown.</param>
/// <param name="ModelCall">The model call that asked for it: number of the turn and model.</param>
/// <param name="ChangesThisPath">False when the run's change set does not hold the file, so that another run of a squash wrote the lines.</param>
public sealed record BlamedRun(
    RunId Run, string FoundBy, string? Workflow, string? RequestedBy, string? Agent, string? PromptDigest, bool ChangesThisPath, string? By, string? Attribution,
    long BySeq, string? ModelCall, IReadOnlyList<string> Approvals, IReadOnlyList<string> Checks);
