using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>Commands below those that started them, with how each ended.</summary>
internal static class CommandTree
{
    private const int DeepestShown = 20;

    /// <returns>How many were left out.</returns>
    public static int Write(Terminal terminal, IReadOnlyList<CommandStarted> commands, IReadOnlyList<CommandFinished> finished, int most, string indent = "  ")
    {
        var endings = finished.GroupBy(end => (end.Sandbox, end.Command)).ToDictionary(group => group.Key, group => group.Last());
        var known = commands.Select(command => (command.Sandbox, command.Command)).ToHashSet();
        var depths = new Dictionary<(string, long), int>();
        var shown = 0;

        foreach (var command in commands)
        {
            var parent = (command.Sandbox, command.Parent);
            var depth = known.Contains(parent) ? depths.GetValueOrDefault(parent, -1) + 1 : 0;
            endings.TryGetValue((command.Sandbox, command.Command), out var end);

            // A launcher that became the command it was to start says nothing that the command does not.
            if (end is { ReplacedBy: not 0 } && CommandText.IsLauncher(command))
            {
                depths[(command.Sandbox, command.Command)] = depth - 1;
                continue;
            }

            depths[(command.Sandbox, command.Command)] = depth;

            if (shown++ < most)
            {
                WriteLine(terminal, indent + new string(' ', Math.Min(depth, DeepestShown) * 2), command, end);
            }
        }

        return Math.Max(0, shown - most);
    }

    private static void WriteLine(Terminal terminal, string indent, CommandStarted command, CommandFinished? end)
    {
        var ending = end is null ? "" : Ending(end);
        var room = Math.Max(20, terminal.Width - indent.Length - ending.Length - 2);
        var text = CommandText.Of(command.Arguments).ReplaceLineEndings(" ⏎ ");
        var failed = end is { Known: true } and ({ ExitCode: not 0 } or { Signal: not 0 });

        terminal.WriteLine($"{indent}{(text.Length <= room ? text : text[..(room - 1)] + "…")}  {terminal.Paint(ending, failed ? Ansi.Red : Ansi.Dim)}".TrimEnd());
    }

    private static string Ending(CommandFinished end) =>
        (end.ReplacedBy != 0 ? "went on as the next" : !end.Known ? "exit unknown" : end.Signal != 0 ? $"signal {end.Signal}" : $"exit {end.ExitCode}")
        + $", {Duration.Show(TimeSpan.FromMicroseconds(end.DurationMicroseconds))}";
}
