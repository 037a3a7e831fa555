using System.Text.Json;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.Audit;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;

namespace Ringfence.App.Views;

/// <summary>What is told after <c>ringfence sandbox</c>: nothing when there is nothing to say, because the command's own output is what was wanted.</summary>
internal sealed class SandboxSummary(Terminal terminal, SandboxPlace place, SandboxExit exit, IReadOnlyList<WorkspaceChange> changes, bool learn)
{
    private const string Connection = "net.connection";
    private const string Started = "command.started";

    public void Write(SandboxRequest asked)
    {
        var connections = Lines(Connection).Select(line => AuditEvent.TryParse(System.Text.Encoding.UTF8.GetBytes(line))?.Fact).OfType<NetworkConnection>().ToList();

        if (asked.Json)
        {
            terminal.WriteJson(Summarise(asked, connections), AppJson.Default.SandboxView);
            return;
        }

        if (exit is SandboxExit.LimitReached limit)
        {
            Say(Ansi.Red, "limit", $"{limit.Limit.Replace('_', ' ')}: {limit.Detail}");
        }

        if (exit is SandboxExit.Killed { By: not SandboxCommand.Interrupted } killed)
        {
            Say(Ansi.Red, "ended", killed.By);
        }

        foreach (var denied in connections.Where(c => !c.Allowed).GroupBy(c => (c.Host, c.Port, c.Reason)))
        {
            Say(Ansi.Red, "blocked", $"{denied.Key.Host}:{denied.Key.Port} ({denied.Key.Reason.Replace('_', ' ')}){(denied.Count() > 1 ? $" ×{denied.Count()}" : "")}");
        }

        if (changes.Count > 0)
        {
            var files = changes.Count(entry => entry.Kind is not WorkspaceChangeKind.Directory);
            Say(Ansi.Green, "changes", !place.IsKept ? $"{files} brought into {asked.Repository}" : $"{files} kept in {place.Upper}{(place.Workspace is { IsCopy: true } ? ", a copy of everything" : "")}");
        }

        if (learn && LearnedHosts.Of(connections) is { Count: > 0 } hosts)
        {
            Say(Ansi.Cyan, "used", LearnedHosts.AsFlags(hosts));
        }
    }

    private SandboxView Summarise(SandboxRequest asked, List<NetworkConnection> connections) => new()
    {
        Id = place.Id.Value,
        Ending = exit switch
        {
            SandboxExit.Exited => "exited",
            SandboxExit.Signalled => "signalled",
            SandboxExit.LimitReached reached => $"limit_{reached.Limit}",
            _ => "killed",
        },
        ExitCode = exit is SandboxExit.Exited exited ? exited.Code : null,
        Commands = Lines(Started).LongCount(),
        ConnectionsAllowed = connections.LongCount(c => c.Allowed),
        ConnectionsDenied = connections.LongCount(c => !c.Allowed),
        Changes = [.. changes.Where(entry => entry.Kind is not WorkspaceChangeKind.Directory)
            .Select(entry => new SandboxChange(Printable.Escape(entry.Path.Span), JsonNamingPolicy.SnakeCaseLower.ConvertName(entry.Kind.ToString())))],
        ChangesKeptIn = place.IsKept ? place.Upper : null,
        Learned = learn ? LearnedHosts.Of(connections) : null,
        CpuSeconds = exit.Usage.CpuMicroseconds < 0 ? null : exit.Usage.CpuMicroseconds / 1e6,
        PeakMemoryBytes = exit.Usage.PeakMemoryBytes < 0 ? null : exit.Usage.PeakMemoryBytes,
    };

    private void Say(string ansi, string word, string text) =>
        terminal.Error.WriteLine($"{Terminal.Paint($"ringfence: {word}", ansi, terminal.ColorError)} {Printable.EscapeLines(text)}");

    // A quotation mark inside a value is escaped, so a line of another kind never holds these words. Most records have many commands and no connection,
    // and reading JSON for the first time costs more than the rest of the summary.
    private IEnumerable<string> Lines(string type) => File.ReadLines(place.Record).Where(line => line.Contains($"\"type\":\"{type}\"", StringComparison.Ordinal));
}

/// <summary>What <c>ringfence sandbox --json</c> prints at the end.</summary>
internal sealed record SandboxView
{
    public required string Id { get; init; }

    public required string Ending { get; init; }

    public int? ExitCode { get; init; }

    public required long Commands { get; init; }

    public required long ConnectionsAllowed { get; init; }

    public required long ConnectionsDenied { get; init; }

    public required IReadOnlyList<SandboxChange> Changes { get; init; }

    public string? ChangesKeptIn { get; init; }

    public IReadOnlyList<string>? Learned { get; init; }

    public double? CpuSeconds { get; init; }

    public long? PeakMemoryBytes { get; init; }
}

internal sealed record SandboxChange(string Path, string Kind);
