using System.CommandLine;
using System.Globalization;
using Ringfence.App.Cli;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Commands.Audit;

/// <summary><c>ringfence audit export</c>: records as JSON Lines, CloudEvents, OpenTelemetry traces or in-toto statements.</summary>
internal static class AuditExportCommand
{
    private static readonly Dictionary<string, ExportFormat> Formats = new()
    {
        ["jsonl"] = ExportFormat.Jsonl,
        ["cloudevents"] = ExportFormat.CloudEvents,
        ["otlp"] = ExportFormat.Otlp,
        ["in-toto"] = ExportFormat.InToto,
    };

    public static Command Create(Terminal terminal)
    {
        var format = new Option<string>("--format") { Description = "jsonl, cloudevents, otlp or in-toto.", DefaultValueFactory = _ => "jsonl" };
        format.AcceptOnlyFromAmong([.. Formats.Keys]);
        var run = new Option<string?>("--run") { Description = "One run, ended or not.", HelpName = "RUN" };
        var since = new Option<string?>("--since")
        {
            Description = "Runs that ended since: 7d, a date, or the number that the last export told.", HelpName = "TIME",
        };
        var command = new Command("export", "Writes records, one JSON value per line, in the order in which runs ended.") { format, run, since };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var failures = new List<Failure>();
            RunId? one = null;

            if (parsed.GetValue(run) is { } prefix && (await home.Runs.FindAsync(prefix, cancellationToken)) is var found)
            {
                failures.AddRange(found.Failures);
                one = found.IsFailure ? null : found.Value.Id;
            }

            var text = parsed.GetValue(since);
            var start = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var cursor) ? cursor : AuditFilterOptions.Time("--since", text, failures) ?? 0;

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            var (events, next) = await new AuditExport(home.Database).ExportAsync(
                Formats[parsed.GetRequiredValue(format)], start, one, Home.User, terminal.Output, cancellationToken);
            terminal.Error.WriteLine(one is null ? $"{events:N0} events. Go on with: --since {next}" : $"{events:N0} events.");
            return ExitCodes.Done;
        });

        return command;
    }
}
