using System.CommandLine;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.Workflows;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence lint|compile|explain|schema</c>: a workflow file before it runs.</summary>
internal static class WorkflowCommands
{
    public static IEnumerable<Command> Create(Terminal terminal)
    {
        yield return Reading(terminal, "lint", "Says everything that is wrong with a workflow file, with line and column.", (workflow, _) =>
        {
            if (Unpriced(workflow.Model) is { } warning)
            {
                terminal.WriteWarning(warning);
            }

            terminal.WriteLine($"{workflow.Name}: no mistakes");
        });

        yield return Reading(terminal, "compile", "Prints a workflow's canonical JSON; its digest, which every run records, goes to standard error.", (workflow, _) =>
        {
            terminal.WriteLine(CompiledWorkflow.Json(workflow));
            terminal.Error.WriteLine(CompiledWorkflow.Digest(workflow));
        });

        yield return Reading(terminal, "explain", "Says in plain words what a workflow can do: hosts, paths, spend, approvals.", (workflow, agent) =>
        {
            foreach (var (topic, says) in WorkflowExplanation.Of(workflow, agent))
            {
                terminal.WriteLine($"{terminal.Paint($"{topic,-10}", Ansi.Bold)} {Printable.EscapeLines(says)}");
            }
        });

        yield return Schema(terminal);
    }

    /// <summary>The file is right and its runs would be refused all the same: prices are this machine's, so it is no mistake of the file.</summary>
    private static Failure? Unpriced(string? model)
    {
        if (model is null)
        {
            return null;
        }

        if (!PriceFile.Load(Home.DefaultFolder).Succeeded(out var prices, out var unread))
        {
            return unread[0];
        }

        // Some agents want the provider before the model's own name.
        return prices.Find(model.Split('/')[^1]) is not null ? null : new Failure(
            "no_price", $"This machine knows no price for the model '{model}', so its gateway refuses every call to it: a budget could not be kept.",
            "`ringfence prices show` lists the models that have one; `ringfence prices import FILE` takes others.");
    }

    private static Command Schema(Terminal terminal)
    {
        var command = new Command(
            "schema",
            """
            Prints the JSON Schema of workflow files, for editors that complete and check while you type.

            Example:
              ringfence schema > .ringfence/workflow.schema.json
              # yaml-language-server: $schema=../workflow.schema.json
            """);
        command.SetAction(_ =>
        {
            terminal.WriteLine(WorkflowSchema.Json);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Reading(Terminal terminal, string name, string description, Action<Workflow, AgentDescription> act)
    {
        var argument = new Argument<string>("workflow") { Description = "Name in .ringfence/workflows, or a file." };
        var repo = new Option<string>("--repo") { Description = "Repository. Default: here.", DefaultValueFactory = _ => "." };
        var command = new Command(name, description) { argument, repo };

        command.SetAction(parsed =>
        {
            var read = new WorkflowFolder(parsed.GetRequiredValue(repo)).Read(parsed.GetRequiredValue(argument));
            var agent = read.Succeeded(out var workflow, out var why) ? new AgentCatalog(Home.DefaultFolder).Find(workflow.Agent) : default;
            Failure[] failures = [.. why, .. agent.Failures, .. agent.Succeeded(out var known) && known is not null ? ToolBounds.Unkept(workflow!.Tools, known) : []];

            if (failures.Length > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            act(workflow!, agent.Value);
            return ExitCodes.Done;
        });

        return command;
    }
}
