using System.Text.Json;
using Ringfence.App.Cli;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Views;

/// <summary><c>ringfence diff RUN RUN</c>: the first step in which two runs part ways, then what came of it.</summary>
internal static class RunComparisonView
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static async Task<int> CompareAsync(Terminal terminal, Home home, Run left, string other, bool json, CancellationToken cancellationToken)
    {
        if (!(await home.Runs.FindAsync(other, cancellationToken)).Succeeded(out var right, out var why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.BadInput;
        }

        var reader = new AuditReader(home.Database);
        var comparison = RunComparison.Of(await reader.AllAsync(left.Id, cancellationToken), await reader.AllAsync(right.Id, cancellationToken));

        if (json)
        {
            terminal.WriteLine(JsonSerializer.Serialize(comparison, Options));
        }
        else
        {
            Write(terminal, comparison, left.Id, right.Id);
        }

        return ExitCodes.Done;
    }

    private static void Write(Terminal terminal, RunComparison comparison, RunId left, RunId right)
    {
        if (comparison.First is { } first)
        {
            terminal.WriteLine(terminal.Paint($"The first {comparison.CommonSteps} steps are the same; step {first.Step} differs:", Ansi.Bold));
            terminal.WriteLine($"  {left}  {Side(first.Left, first.LeftSeq)}");
            terminal.WriteLine($"  {right}  {Side(first.Right, first.RightSeq)}");
        }
        else
        {
            terminal.WriteLine(terminal.Paint($"All {comparison.CommonSteps} steps are the same.", Ansi.Bold));
        }

        foreach (var difference in comparison.Differences)
        {
            terminal.WriteLine($"  {Printable.Escape(difference.Name)}: {Shown(difference.Left)} | {Shown(difference.Right)}");
        }
    }

    private static string Side(string? text, long seq) => text is null ? "(had ended)" : $"{Shown(text)}  (event {seq})";

    private static string Shown(string? text) => text is null ? "-" : Printable.Escape(text.Length <= 160 ? text : text[..160] + "…");
}
