using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Views;

/// <summary>A run as <c>--json</c> shows it.</summary>
internal sealed record RunView
{
    /// <summary>Always <c>run</c>: tells the last line of <c>ringfence run --json</c> from the events before it.</summary>
    public string Type { get; init; } = "run";

    public required string Id { get; init; }

    public required string Status { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>The ended run that this one goes on from.</summary>
    public string? Continues { get; init; }

    public required string Agent { get; init; }

    public string? Model { get; init; }

    public required string Repository { get; init; }

    public string? BaseCommit { get; init; }

    public string? Tree { get; init; }

    public string? ChangeDigest { get; init; }

    public string? Published { get; init; }

    public required decimal CostUsd { get; init; }

    public required decimal BudgetUsd { get; init; }

    public required int Turns { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public IReadOnlyList<FileView>? Files { get; init; }

    /// <summary>With <c>--network learn</c>: the allow list that the run would have needed.</summary>
    public IReadOnlyList<string>? Learned { get; init; }

    public static RunView Of(Run run, ChangeSet? changes = null) => new()
    {
        Id = run.Id.Value,
        Status = run.Status.ToString().ToLowerInvariant(),
        Reason = run.Reason?.ToName(),
        Message = run.Message,
        ExitCode = RunTransitions.HasEnded(run.Status) ? Cli.ExitCodes.For(run.Status, run.Reason) : null,
        Continues = run.Request.Continues?.Run,
        Agent = run.Request.Agent,
        Model = run.Request.Model,
        Repository = run.Request.Repository,
        BaseCommit = run.BaseCommit,
        Tree = run.Tree,
        ChangeDigest = run.ChangeDigest,
        Published = run.Published,
        CostUsd = run.Cost.Dollars,
        BudgetUsd = run.Request.Limits.Cost.Dollars,
        Turns = run.Turns,
        CreatedAt = run.CreatedAt,
        EndedAt = run.EndedAt,
        Files = changes?.Files.Select(file => new FileView(
            file.Path.ToString(), file.Operation.ToString().ToLowerInvariant(), file.LinesAdded, file.LinesRemoved)).ToList(),
    };
}

/// <param name="LinesAdded">-1 for a binary file.</param>
internal sealed record FileView(string Path, string Operation, int LinesAdded, int LinesRemoved);
