using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Outputs;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence apply RUN</c>: takes a change set into the working tree, all of it or nothing.</summary>
internal static class ApplyCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var folder = new Option<string>("--repo") { Description = "The working tree. Default: here.", HelpName = "PATH", DefaultValueFactory = _ => "." };
        var json = CommandActions.Json();
        var command = new Command(
            "apply",
            """
            Applies what a run changed to your working tree. Nothing of yours is overwritten.

            Examples:
              ringfence apply 01m7
            """) { argument, folder, json };

        command.WithRun(terminal, argument, async (parsed, home, run, cancellationToken) =>
        {
            if (!(await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why)
                || !(await WorkingTree.ApplyAsync(found.Workspace, found.Changes, Path.GetFullPath(parsed.GetRequiredValue(folder)), cancellationToken))
                    .Succeeded(out var files, out why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            terminal.WriteLine(parsed.GetValue(json)
                ? $$"""{"id":"{{run.Id}}","files":{{files}}}"""
                : $"{files} {(files == 1 ? "file" : "files")} changed in your working tree. Nothing was committed or staged.");
            return ExitCodes.Done;
        });

        return command;
    }
}
