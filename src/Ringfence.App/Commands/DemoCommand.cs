using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Commands;

/// <summary>
/// <c>ringfence demo</c>: the real pipeline on a sample, offline. Only the model is simulated, and it says so; its script demands the real result of
/// every tool call, so the demo cannot come to its end without the work.
/// </summary>
internal static class DemoCommand
{
    private const string Task = "Add input validation to the login handler. The tests say what it must answer; make them pass.";
    private const string Model = "simulated-model";
    private const string Check = "./test.sh";

    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "One event per line on standard output; the last line is the run." };
        var keep = new Option<bool>("--keep") { Description = "Keep the repository that the demo makes, to look at the branch in it." };
        var command = new Command(
            "demo", "Shows a whole run in a few seconds, offline: a sample repository, the real sandbox, gateway, checks and record, a SIMULATED model.") { json, keep };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = parsed.GetValue(json) ? RunOutput.Json : RunOutput.Text;

            if (!(await DemoRepository.CreateAsync(parsed.GetValue(keep), cancellationToken)).Succeeded(out var repository, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            await using (repository)
            {
                if (!(await DemoModel.StartAsync(DemoRepository.Script, cancellationToken)).Succeeded(out var model, out why))
                {
                    terminal.WriteFailures(why);
                    return ExitCodes.Environment;
                }

                await using (model)
                {
                    return await RunAsync(terminal, parsed, repository, model, output, cancellationToken);
                }
            }
        });

        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, DemoRepository repository, DemoModel model, RunOutput output, CancellationToken cancellationToken)
    {
        var request = new RunRequest
        {
            Prompt = Task,
            Repository = repository.Folder,
            Model = Model,
            Limits = new RunLimits { Cost = Money.FromDollars(1), Turns = 20, Time = TimeSpan.FromMinutes(5), Silence = TimeSpan.FromMinutes(1) },
            Done = [Check],
            Attempts = 2,
            Output = OutputKind.Branch,
            RequestedBy = Home.User,
        };

        if (output is RunOutput.Text)
        {
            terminal.Error.WriteLine($"{terminal.Paint("SIMULATED MODEL", Ansi.Yellow)}: what the model says comes from a script, and no provider is called. Everything else is real.");
            terminal.Error.WriteLine($"  task     {Task}");
            terminal.Error.WriteLine($"  check    {Check}, run by the platform in a fresh sandbox");
        }

        var upstreams = new[] { new Upstream { Wire = Wire.Anthropic, BaseAddress = model.Address } };
        var exitCode = await RunCommand.RunAsync(
            terminal, parsed, request, upstreams, output,
            output is RunOutput.Text ? (home, run, outcome) => ReportAsync(terminal, home, run, outcome, repository, cancellationToken) : null, cancellationToken);

        if (exitCode == ExitCodes.Done && await model.UnplayedAsync(cancellationToken) is { } unplayed)
        {
            terminal.WriteFailures([new Failure("demo_incomplete", "The run ended before the simulated model's script did.", unplayed)]);
            return ExitCodes.Internal;
        }

        return exitCode;
    }

    private static async Task ReportAsync(
        Terminal terminal, Home home, Run run, RunOutcome outcome, DemoRepository repository, CancellationToken cancellationToken)
    {
        if (outcome is RunOutcome.Failed failed)
        {
            terminal.WriteFailures([failed.Failure]);
        }

        var events = await new AuditReader(home.Database).AllAsync(run.Id, cancellationToken);
        RunSummary.Write(terminal, run, outcome.Changes, nextSteps: false);

        if ((await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found) && !found.Changes.IsEmpty)
        {
            terminal.WriteLine();
            terminal.WriteLine(terminal.Paint("What changed", Ansi.Bold));
            await terminal.Output.FlushAsync(cancellationToken);
            await using var output = Console.OpenStandardOutput();
            await found.Workspace.WriteDiffAsync(found.Changes, output, terminal.ColorOutput ? Workspaces.DiffFormat.Color : Workspaces.DiffFormat.Text, cancellationToken);
        }

        new DemoStory(terminal, events).Write();
        terminal.WriteLine();
        terminal.WriteLine(terminal.Paint("Next", Ansi.Bold));

        if (repository.Kept)
        {
            terminal.WriteLine($"  cd {repository.Folder} && git diff HEAD...{run.Published}");
        }

        terminal.WriteLine($"  ringfence show {run.Id}            the whole story: walls, calls, commands, connections");
        terminal.WriteLine($"  ringfence audit verify {run.Id}    prove that the record was not altered");
        terminal.WriteLine("  ringfence run -p \"Fix the failing test\" --done \"dotnet test\"    your own repository (needs ANTHROPIC_API_KEY)");
    }
}
