using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Commands.Audit;

/// <summary><c>ringfence audit purge</c>: forgets the content of old runs by deleting their keys. Their chains still verify.</summary>
internal static class AuditPurgeCommand
{
    public static Command Create(Terminal terminal)
    {
        var before = new Option<string?>("--before") { Description = "Runs that ended before: 90d, or a date.", HelpName = "TIME" };
        var run = new Option<string?>("--run") { Description = "One run, whenever it ended.", HelpName = "RUN" };
        var command = new Command("purge", "Forgets prompts, outputs and other content of ended runs. Events stay, and chains still verify.") { before, run };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var failures = new List<Failure>();
            var time = AuditFilterOptions.Time("--before", parsed.GetValue(before), failures);
            RunId? one = null;

            if (parsed.GetValue(run) is { } prefix && (await home.Runs.FindAsync(prefix, cancellationToken)) is var found)
            {
                failures.AddRange(found.Failures);
                one = found.IsFailure ? null : found.Value.Id;
            }

            if (failures.Count == 0 && time is null && one is null)
            {
                failures.Add(new Failure("nothing_named", "Neither --before nor --run says what to forget.", "For example: --before 90d."));
            }

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            var count = await new RetentionPurge(home.Database).PurgeAsync(
                time is { } us ? DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond) : null, one, Home.User, cancellationToken);
            terminal.WriteLine($"Forgot the content of {count:N0} {(count == 1 ? "run" : "runs")}.");
            return ExitCodes.Done;
        });

        return command;
    }
}
