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
        var strict = new Option<bool>("--strict") { Description = "Exit code 9 also when something optional is missing." };
        var command = new Command(
            "doctor",
            """
            Tries every wall and limit of the sandbox on this machine, and says how to get what is missing.

            Exit code: 0 when every wall and limit that a sandbox always has holds, 9 when one is missing. One that is enforced by weaker means is no
            failure, nor is a limit that only runs have that ask for it (which are refused then); with --strict, this is one.

            Examples:
              ringfence doctor
              ringfence doctor --strict
              ringfence doctor --json | jq '.[] | select(.level != "full")'
            """) { json, strict };

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
                    line.Name, line.Level.ToString().ToLowerInvariant(), line.Found, line.Remedy, line.IsOptional))], AppJson.Default.IReadOnlyListDoctorView);
            }
            else
            {
                foreach (var line in lines)
                {
                    Write(terminal, line);
                }
            }

            var isStrict = parsed.GetValue(strict);
            return lines.Any(line => line.Level is DoctorLevel.Missing && (isStrict || !line.IsOptional)) ? ExitCodes.Environment : ExitCodes.Done;
        });

        return command;
    }

    private static void Write(Terminal terminal, DoctorLine line)
    {
        var (word, ansi) = line.Level switch
        {
            DoctorLevel.Full => ("full   ", Ansi.Green),
            DoctorLevel.Weaker => ("weaker ", Ansi.Yellow),
            _ when line.IsOptional => ("missing", Ansi.Yellow),
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
/// <param name="Optional">Whether every sandbox has its walls and limits without it.</param>
internal sealed record DoctorView(string Name, string Level, string Found, string? Remedy, bool Optional);
