using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Workflows;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence init [TEMPLATE]</c>: what there is, or one of it in this repository.</summary>
internal static class InitCommand
{
    public static Command Create(Terminal terminal)
    {
        var template = new Argument<string?>("template") { Description = "Which. Without: all there are.", HelpName = "TEMPLATE", Arity = ArgumentArity.ZeroOrOne };
        template.CompletionSources.Add(Suggested.Templates);
        var repo = new Option<string>("--repo") { Description = "Repository. Default: here.", HelpName = "PATH", DefaultValueFactory = _ => "." };
        var done = new Option<string?>("--done") { Description = "The check that must pass. Default: what the repository's files tell.", HelpName = "CMD" };
        var hook = new Option<string?>("--hook") { Description = "Also a git hook, for the template review.", HelpName = "pre-commit" };
        var ci = new Option<string?>("--ci") { Description = "Also a CI file.", HelpName = "github|gitlab" };
        var force = new Option<bool>("--force") { Description = "Replace files that are there." };
        var json = CommandActions.Json();
        var command = new Command(
            "init",
            """
            Lists ready workflows, or writes one into this repository.

            Examples:
              ringfence init
              ringfence init fix-tests
              ringfence init review --hook pre-commit --ci github
              ringfence init generate-tests --done "make check"

            Nothing that is there is replaced without --force, and either every file is written or none.
            """) { template, repo, done, hook, ci, force, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(template) is not { } name)
            {
                TemplateViews.WriteAll(terminal, parsed.GetValue(json));
                return ExitCodes.Done;
            }

            var request = new WorkflowSetupRequest(name, parsed.GetValue(done), parsed.GetValue(hook), parsed.GetValue(ci), parsed.GetValue(force));

            if (!(await WorkflowSetup.WriteAsync(parsed.GetRequiredValue(repo), request, cancellationToken)).Succeeded(out var files, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            TemplateViews.WriteSetup(terminal, WorkflowTemplate.Find(name).Value, files, parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }
}
