using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Runs;
using Ringfence.Sandboxes;

namespace Ringfence.App.Commands;

/// <summary>
/// <c>ringfence sandbox -- COMMAND</c>: any command behind the walls of a run, with its doors, limits and record. No agent, no model, no store.
/// </summary>
internal static class SandboxCommand
{
    /// <summary>As container tools have it: the sandbox itself failed, as against the command in it.</summary>
    private const int CouldNotStart = 125;
    private const int CannotExecute = 126;
    private const int NoSuchCommand = 127;
    private const int TimedOut = 124;
    private const int Killed = 137;

    /// <summary>Why a sandbox was ended when its user asked for it.</summary>
    public const string Interrupted = "interrupt";

    private const string Name = "sandbox";

    public static Command Create(Terminal terminal)
    {
        var options = new SandboxOptions();
        var network = new NetworkOptions();
        var command = new Command(
            "sandbox",
            """
            Runs any command behind the walls: clean file system, no network but what is allowed, hard limits, every command on record.

            Examples:
              ringfence sandbox -- bash
              ringfence sandbox --repo . -- npm test
              ringfence sandbox --repo . --write-through --allow-preset npm -- npm install
              ringfence sandbox --record events.jsonl --memory 512MiB -- ./untrusted.sh

            Exit code: the command's own, 128 and the signal that ended it; 124 out of time, 137 ended by a limit, 125 when the sandbox could not start,
            126 and 127 when the command cannot be executed or is not there. 125, too, when what it prints or
            changes cannot be written or recorded.
            """);

        foreach (var option in options.All.Concat(network.All))
        {
            command.Add(option);
        }

        command.Add(options.Command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var failures = new List<Failure>();
            var asked = options.Read(parsed, failures);
            var policy = network.Read(parsed, failures);

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            if (!(await EgressPlan.PrepareAsync(policy, UserSide.Current(), TimeProvider.System, cancellationToken)).Succeeded(out var egress, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            using (egress)
            {
                return await RunAsync(terminal, asked, policy, egress, cancellationToken);
            }
        });

        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, SandboxRequest asked, NetworkPolicy policy, EgressPlan egress, CancellationToken cancellationToken)
    {
        using var place = new SandboxPlace(Home.DefaultFolder, asked, RunId.New(TimeProvider.System));

        if (!OpenRecord(place, egress).Succeeded(out var lines, out var unwritable))
        {
            terminal.WriteFailures(unwritable);
            return ExitCodes.BadInput;
        }

        using var record = lines;
        var commands = new CommandTimeline();
        var recorder = new TimedRecorder(lines, commands);
        var launcher = new SandboxLauncher(Home.Toolchain.Native, Path.Combine(Home.DefaultFolder, "scratch"), TimeProvider.System);
        var spec = asked.Spec with
        {
            Environment = Toolchain.Environment(egress.SandboxEnvironment, asked.Spec.Environment),
            Files = egress.Files,
            Mounts = [.. Home.Toolchain.Mounts, .. asked.Spec.Mounts],
        };
        var started = await launcher.StartAsync(spec with { Workspace = place.Workspace }, Name, recorder, cancellationToken);

        while (started.IsFailure && started.Failures[0].Code == SandboxLauncher.NoOverlay && place.CanFallBack)
        {
            if (place.FallBackReason is { } reason)
            {
                terminal.Error.WriteLine($"{Terminal.Paint("ringfence: copying", Ansi.Cyan, terminal.ColorError)} {Printable.EscapeLines(reason)}");
            }

            if (await place.FallBackAsync(cancellationToken) is { } uncopied)
            {
                started = uncopied;
                break;
            }

            started = await launcher.StartAsync(spec with { Workspace = place.Workspace }, Name, recorder, cancellationToken);
        }

        if (!started.Succeeded(out var sandbox, out var why))
        {
            terminal.WriteFailures(why);
            return why.Any(f => f.Code == "sandbox_command_missing") ? NoSuchCommand : why.Any(f => f.Code == "sandbox_command") ? CannotExecute : CouldNotStart;
        }

        SandboxExit exit;
        Failure? unwritten;

        await using (sandbox)
        {
            await using var door = egress.Open(sandbox, recorder, TimeProvider.System);
            await using var stop = cancellationToken.Register(() => sandbox.Kill(Interrupted));
            unwritten = await StandardStreams.RelayAsync(sandbox, spec.Terminal is not null, asked.Json);
            exit = await sandbox.Completion;
        }

        var changes = place.Finish(recorder, commands);
        await recorder.FlushAsync(CancellationToken.None);
        unwritten ??= StandardStreams.Guard(() => new SandboxSummary(terminal, place, exit, changes, policy.Learn).Write(asked));

        if (new[] { unwritten, place.Unrecorded }.OfType<Failure>().ToList() is { Count: > 0 } failures)
        {
            terminal.WriteFailures(failures);
            return CouldNotStart;
        }

        return exit switch
        {
            SandboxExit.Exited exited => exited.Code,
            SandboxExit.Signalled signalled => 128 + signalled.Signal,
            SandboxExit.LimitReached { Limit: "wall_time" } => TimedOut,
            _ when cancellationToken.IsCancellationRequested => Interrupt.ExitCode,
            _ => Killed,
        };
    }

    private static Result<JsonLinesRecorder> OpenRecord(SandboxPlace place, EgressPlan egress)
    {
        try
        {
            return new JsonLinesRecorder(place.Record, place.Id, TimeProvider.System, egress.Redactor);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new Failure("record_unwritable", $"The record {place.Record} cannot be made: {refused.Message}", "Name a new file in a folder that is there and that you may write to.");
        }
    }
}
