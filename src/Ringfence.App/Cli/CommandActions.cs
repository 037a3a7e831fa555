using System.CommandLine;
using Ringfence.Runs;

namespace Ringfence.App.Cli;

/// <summary>What most commands begin with: the store opened, the run found, failures told.</summary>
internal static class CommandActions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON instead of text." };

    public static Argument<string> RunArgument()
    {
        var run = new Argument<string>("run") { Description = "Run id, an unambiguous start of it, or `last`.", HelpName = "RUN" };
        run.CompletionSources.Add(Suggested.Runs);
        return run;
    }

    /// <summary>Runs <paramref name="action"/> with the store open.</summary>
    public static void WithHome(this Command command, Terminal terminal, Func<ParseResult, Home, CancellationToken, Task<int>> action) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!(await Home.OpenAsync(parsed, terminal, cancellationToken)).Succeeded(out var home, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            await using (home)
            {
                return await action(parsed, home, cancellationToken);
            }
        });

    /// <summary>Runs <paramref name="action"/> with the run that was named.</summary>
    public static void WithRun(
        this Command command, Terminal terminal, Argument<string> argument, Func<ParseResult, Home, Run, CancellationToken, Task<int>> action) =>
        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (!(await home.Runs.FindAsync(parsed.GetRequiredValue(argument), cancellationToken)).Succeeded(out var run, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            return await action(parsed, home, run, cancellationToken);
        });
}
