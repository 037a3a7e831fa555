using System.Globalization;
using System.Text;
using System.Text.Json;
using Ringfence.App.Cli;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Views;

/// <summary>One turn opened: the call with all its figures, what was new in its context, what was said, every tool call with its content, the commands.</summary>
internal sealed class TurnView(Terminal terminal, AuditReader reader, RunId run, IReadOnlyList<RunTurn> turns)
{
    private const int MostLines = 40;
    private const int MostCommands = 200;

    public async Task WriteAsync(RunTurn turn, CancellationToken cancellationToken)
    {
        var first = turn.Events[0];
        terminal.WriteLine(terminal.Paint($"Turn {turn.Number} of {turns.Count}", Ansi.Bold)
            + $"  {first.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}, {Duration.Show(turn.Time)}, {turn.Cost}, events {first.Seq} to {turn.Events.Max(happened => happened.Seq)}");
        Model(turn);
        Context(turn);
        await SaidAsync(turn, cancellationToken);
        await ToolsAsync(turn, cancellationToken);
        Commands(turn);
        Rest(turn);
    }

    private void Heading(string text)
    {
        terminal.WriteLine();
        terminal.WriteLine(terminal.Paint(text, Ansi.Bold));
    }

    private void Line(string name, string text) => terminal.WriteLine($"  {terminal.Paint($"{name,-9}", Ansi.Dim)} {Printable.EscapeLines(text)}");

    private void Model(RunTurn turn)
    {
        var asked = turn.Request;
        Heading("Model call");
        Line("model", asked.ModelAsked == asked.ModelUsed ? $"{asked.ModelUsed} of {asked.Provider}" : $"{asked.ModelUsed} of {asked.Provider}, asked for as {asked.ModelAsked}");
        Line("request", string.Create(CultureInfo.InvariantCulture, $"{asked.BodyBytes:N0} bytes, at most {asked.MaxTokensSent:N0} tokens back, sha256 {asked.RequestDigest[..12]}"));

        foreach (var failed in turn.Facts<ModelFailed>())
        {
            Line("failed", $"{failed.Status} {failed.Code}: {failed.Message}");
        }

        if (turn.Response is { } answer)
        {
            Line("answer", $"{answer.Status} {answer.StopReason}{(answer.Complete ? "" : ", cut")}, first byte after {Time(answer.FirstByteMicroseconds)}, whole after {Time(answer.DurationMicroseconds)}");
            Line("tokens", string.Create(
                CultureInfo.InvariantCulture,
                $"{answer.InputTokens:N0} in, {answer.CacheReadTokens:N0} from cache, {answer.CacheWrite5mTokens + answer.CacheWrite1hTokens:N0} into cache, {answer.OutputTokens:N0} out, {answer.ReasoningTokens:N0} of them reasoning"));
            Line("cost", $"{new Money(answer.CostNanodollars)}{(answer.UsageKnown ? "" : ", the bound: the provider did not tell")}");
        }
    }

    private void Context(RunTurn turn)
    {
        var segments = turn.Facts<ContextComposed>().SelectMany(composed => composed.Segments).ToList();
        var losses = turn.Facts<ContextChanged>().ToList();

        if (segments.Count + losses.Count == 0)
        {
            return;
        }

        Heading("Context: what this request added to the one before");

        foreach (var segment in segments)
        {
            terminal.WriteLine($"  {Printable.Escape(segment.Kind),-12} {TurnList.Bytes(segment.Bytes),12}  {Printable.Escape(segment.Source)}  {terminal.Paint(segment.Digest[..12], Ansi.Dim)}");
        }

        losses.ForEach(lost => terminal.WriteLine($"  {terminal.Paint("lost", Ansi.Yellow)}  {TurnList.Lost(lost)}"));
    }

    private async Task SaidAsync(RunTurn turn, CancellationToken cancellationToken)
    {
        foreach (var said in turn.Facts<AgentSaid>().Where(said => said.Kind is not ("usage" or "unknown" or "result")))
        {
            Heading(said.Kind == "text" ? "The agent said" : $"The agent said ({said.Kind.Replace('_', ' ')})");
            Block(await TextAsync(said.Digest, cancellationToken) ?? said.Text);
        }
    }

    private async Task ToolsAsync(RunTurn turn, CancellationToken cancellationToken)
    {
        var answers = turns.SelectMany(later => later.Facts<ToolReturned>()).ToLookup(answer => answer.CallId);

        foreach (var call in turn.Facts<ToolCalled>())
        {
            Heading($"{Printable.Escape(call.Tool)}");
            Block(Input(await TextAsync(call.InputDigest, cancellationToken) ?? call.Input));

            var answer = answers[call.CallId].FirstOrDefault();
            terminal.WriteLine(answer is null
                ? "  → no answer on record"
                : $"  → {(answer.IsError ? terminal.Paint("error", Ansi.Red) + ", " : "")}{TurnList.Bytes(answer.Bytes)}");

            if (answer is not null)
            {
                Block(await TextAsync(answer.OutputDigest, cancellationToken) ?? answer.Summary);
            }
        }
    }

    private void Commands(RunTurn turn)
    {
        var commands = turn.Facts<CommandStarted>().ToList();

        if (commands.Count > 0)
        {
            Heading($"Commands that ran: {commands.Count}");
            var finished = turns.SelectMany(later => later.Facts<CommandFinished>()).ToList();
            var left = CommandTree.Write(terminal, commands, finished, MostCommands);

            if (left > 0)
            {
                terminal.WriteLine($"  … and {left} more: ringfence audit commands --run {run}");
            }
        }
    }

    private void Rest(RunTurn turn)
    {
        var files = turn.Facts<FileChanged>().ToList();
        var connections = turn.Facts<NetworkConnection>().ToList();

        if (files.Count > 0)
        {
            Heading("Files changed");
            files.ForEach(file => terminal.WriteLine($"  {file.Operation.Replace('_', ' '),-9} {Printable.Escape(file.Path)}  +{file.LinesAdded} −{file.LinesRemoved}  {terminal.Paint(file.By ?? "", Ansi.Dim)}"));
        }

        if (connections.Count > 0)
        {
            Heading("Connections");
            connections.ForEach(net => terminal.WriteLine($"  {(net.Allowed ? "allowed" : "denied "),-8} {Printable.Escape(net.Host)}:{net.Port}  {net.Reason.Replace('_', ' ')}, rule {Printable.Escape(net.Rule)}"));
        }
    }

    private async Task<string?> TextAsync(string digest, CancellationToken cancellationToken) =>
        await reader.ContentAsync(run, digest, cancellationToken) is { } content ? Encoding.UTF8.GetString(content) : null;

    /// <summary>The fields of a tool's input, a line for each; a text of several lines stands below its name.</summary>
    private static string Input(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind is JsonValueKind.Object
                ? string.Join('\n', document.RootElement.EnumerateObject().Select(field =>
                    field.Value.ToString() is var value && value.Contains('\n', StringComparison.Ordinal) ? $"{field.Name}:\n{value}" : $"{field.Name}: {value}"))
                : json;
        }
        catch (JsonException)
        {
            return json;
        }
    }

    private void Block(string text)
    {
        var lines = Printable.EscapeLines(text.TrimEnd().ReplaceLineEndings("\n")).Split('\n');

        foreach (var line in lines.Take(MostLines))
        {
            terminal.WriteLine($"    {line}");
        }

        if (lines.Length > MostLines)
        {
            terminal.WriteLine(terminal.Paint($"    … {lines.Length - MostLines} more lines", Ansi.Dim));
        }
    }

    private static string Time(long microseconds) => Duration.Show(TimeSpan.FromMicroseconds(microseconds));
}
