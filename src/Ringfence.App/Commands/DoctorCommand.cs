using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Egress;
using Ringfence.Sandboxes;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence doctor</c>: what this machine can enforce, found by trying it, and how to get the rest.</summary>
internal static class DoctorCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = CommandActions.Json();
        var command = new Command(
            "doctor",
            """
            Tries every wall and limit of the sandbox on this machine, and says how to get what is missing.

            Exit code: 0 when every wall stands, 9 when one is missing. A limit that is enforced by weaker means is no failure.
            """) { json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = Path.Combine(Home.DefaultFolder, "scratch");
            Directory.CreateDirectory(folder);
            var launcher = new SandboxLauncher(Home.Toolchain.Native, folder, TimeProvider.System);
            IReadOnlyList<DoctorLine> lines =
            [
                .. await new SandboxProbe(launcher, folder).RunAsync(cancellationToken),
                await new ConnectionProbe(launcher, TimeProvider.System).TryAsync(cancellationToken),
            ];

            if (parsed.GetValue(json))
            {
                terminal.WriteJson([.. lines.Select(line => new DoctorView(
                    line.Name, line.Level.ToString().ToLowerInvariant(), line.Found, line.Remedy))], AppJson.Default.IReadOnlyListDoctorView);
            }
            else
            {
                foreach (var line in lines)
                {
                    Write(terminal, line);
                }
            }

            return lines.Any(line => line.Level is DoctorLevel.Missing) ? ExitCodes.Environment : ExitCodes.Done;
        });

        return command;
    }

    private static void Write(Terminal terminal, DoctorLine line)
    {
        var (word, ansi) = line.Level switch
        {
            DoctorLevel.Full => ("full   ", Ansi.Green),
            DoctorLevel.Weaker => ("weaker ", Ansi.Yellow),
            _ => ("missing", Ansi.Red),
        };

        terminal.WriteText($"{terminal.Paint(word, ansi)}  {line.Name,-14}  {ByteCount.InWords(Printable.EscapeLines(line.Found))}");

        if (line.Remedy is { } remedy)
        {
            terminal.WriteText($"{"",9}{"",-14}  {terminal.Paint("→", Ansi.Cyan)} {remedy}");
        }
    }
}

/// <param name="Level"><c>full</c>, <c>weaker</c> or <c>missing</c>.</param>
internal sealed record DoctorView(string Name, string Level, string Found, string? Remedy);
