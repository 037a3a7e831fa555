using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>What the boundary saw of a run, grouped as people ask: walls, turns, model calls, commands as a tree, files, connections.</summary>
internal sealed class RunStory(Terminal terminal, IReadOnlyList<AuditEvent> events)
{
    private const int MostCommands = 200;
    private const int MostFiles = 200;

    public void Write()
    {
        Walls();
        Turns();
        Calls();
        Commands();
        Files();
        Connections();
        Findings();
        terminal.WriteLine();
        terminal.WriteLine($"  {events.Count} events on record");
    }

    private IEnumerable<T> Facts<T>() => events.Select(happened => happened.Fact).OfType<T>();

    private void Heading(string text)
    {
        terminal.WriteLine();
        terminal.WriteLine(terminal.Paint(text, Ansi.Bold));
    }

    private void Walls()
    {
        if (Facts<RunStarted>().FirstOrDefault() is not { } started)
        {
            return;
        }

        Heading("Walls and limits");

        foreach (var line in started.Isolation)
        {
            // "memory: full; 4294967296, by …"
            var (name, rest) = line.Split(": ", 2) is [var wall, var found] ? (wall, found) : ("", line);
            var (strength, detail) = rest.Split("; ", 2) is [var word, var how] ? (word, how) : ("", rest);
            terminal.WriteText($"  {name,-13}  {terminal.Paint($"{strength,-7}", strength == "full" ? Ansi.Green : Ansi.Yellow)}  {ByteCount.InWords(detail)}");
        }
    }

    private void Calls()
    {
        var calls = Facts<ModelResponded>().ToList();

        if (calls.Count == 0)
        {
            return;
        }

        Heading("Model calls");
        var models = Facts<ModelRequested>().Select(call => call.ModelUsed).Distinct();
        terminal.WriteLine($"  {calls.Count} to {string.Join(", ", models)}: {calls.Sum(c => c.InputTokens):N0} tokens in, "
            + $"{calls.Sum(c => c.CacheReadTokens):N0} from cache, {calls.Sum(c => c.OutputTokens):N0} out, {new Money(calls.Sum(c => c.CostNanodollars))}");
    }

    private void Commands()
    {
        var finished = Facts<CommandFinished>().ToList();

        foreach (var sandbox in Facts<CommandStarted>().GroupBy(command => command.Sandbox))
        {
            var commands = sandbox.ToList();
            Heading($"Commands in {sandbox.Key}: {commands.Count}");
            var left = CommandTree.Write(terminal, commands, finished, MostCommands);

            if (left > 0)
            {
                terminal.WriteLine($"  … and {left} more: ringfence logs RUN --all");
            }
        }
    }

    private void Turns()
    {
        var turns = RunTurn.Of(events);

        if (turns.Count > 0)
        {
            Heading("Turns");
            new TurnList(terminal, turns).Write();
        }
    }

    private void Files()
    {
        // A run that was sent back to the agent has told of a file each time; what counts is how it stands at the end.
        var files = Facts<FileChanged>().GroupBy(file => file.Path).Select(group => group.Last()).ToList();

        if (files.Count == 0)
        {
            return;
        }

        Heading("Files, and what ran when they were changed last");

        foreach (var file in files.Take(MostFiles))
        {
            var by = file.By ?? (file.Candidates is { } several ? $"one of {string.Join(", ", several)}" : "cannot be told");
            terminal.WriteLine($"  {file.Operation.Replace('_', ' '),-9} {file.Path}  {terminal.Paint(file.Attribution is null ? by : $"{by}, {file.Attribution}", Ansi.Dim)}");
        }

        if (files.Count > MostFiles)
        {
            terminal.WriteLine($"  … and {files.Count - MostFiles} more: ringfence audit files --run RUN");
        }
    }

    private void Findings()
    {
        var findings = Reconciliation.Of(events);

        if (findings.Count == 0)
        {
            return;
        }

        Heading("Said and seen do not meet");

        foreach (var finding in findings)
        {
            terminal.WriteLine($"  {terminal.Paint(finding.Code.Replace('_', ' '), Ansi.Yellow)}  {finding.Message}  "
                + terminal.Paint($"(event {string.Join(", ", finding.Seqs)})", Ansi.Dim));
        }
    }

    private void Connections()
    {
        var connections = Facts<NetworkConnection>()
            .GroupBy(c => (c.Host, c.Port, c.Protocol, c.Allowed, c.Reason, c.Rule))
            .Select(group => (group.Key, Count: group.Count(), Up: group.Sum(c => c.BytesUp), Down: group.Sum(c => c.BytesDown))).ToList();

        if (connections.Count == 0)
        {
            return;
        }

        Heading("Connections");

        foreach (var (key, count, up, down) in connections)
        {
            var word = key.Allowed ? terminal.Paint("allowed", Ansi.Green) : terminal.Paint("denied ", Ansi.Red);
            terminal.WriteLine($"  {word}  {Printable.EscapeLines(key.Host)}:{key.Port} {key.Protocol}  "
                + (key.Allowed ? $"by {key.Rule}, {up:N0} bytes up, {down:N0} down" : key.Reason.Replace('_', ' ')) + (count > 1 ? $"  ×{count}" : ""));
        }
    }
}
