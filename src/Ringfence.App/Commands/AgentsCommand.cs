using System.CommandLine;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.App.Views;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence agents</c>: which agents there are, and how to get more.</summary>
internal static class AgentsCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = CommandActions.Json();
        var command = new Command(
            "agents",
            """
            Lists agents: which are installed, in which version, and what is missing.

            Examples:
              ringfence agents
              ringfence agents install codex
              ringfence agents test codex
            """) { json, Install(terminal), AgentsTestCommand.Create(terminal) };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var catalog = new AgentCatalog(Home.DefaultFolder);
            var packages = new AgentPackages(Home.DefaultFolder, TimeProvider.System);
            var agents = new List<AgentView>();

            foreach (var name in catalog.Names)
            {
                agents.Add(await AgentView.OfAsync(name, catalog, packages, Home.Toolchain.Agent, cancellationToken));
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(agents, AppJson.Default.IReadOnlyListAgentView);
                return ExitCodes.Done;
            }

            foreach (var agent in agents)
            {
                Write(terminal, agent);
            }

            terminal.WriteLine();
            terminal.WriteText("Any ACP agent: ringfence run --agent \"acp:COMMAND\". Your own: $RINGFENCE_HOME/agents/NAME.yaml, see docs/agents.md.");
            return ExitCodes.Done;
        });

        return command;
    }

    private static Command Install(Terminal terminal)
    {
        var name = new Argument<string>("agent") { Description = "Its name, with a version if not the tested one: NAME or NAME@VERSION.", HelpName = "NAME[@VERSION]" };
        var command = new Command("install", "Fetches an agent from its registry, pinned and checked, into Ringfence's own folder.") { name };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var asked = parsed.GetRequiredValue(name).Split('@', 2);

            if (!new AgentCatalog(Home.DefaultFolder).Find(asked[0]).Succeeded(out var agent, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            var version = asked.Length > 1 ? asked[1] : null;
            var progress = new Reporter(terminal);

            if (!(await new AgentInstaller(Home.DefaultFolder, TimeProvider.System).InstallAsync(agent, version, progress, cancellationToken)).Succeeded(out var installed, out why))
            {
                terminal.WriteFailures(why);
                return why[0].Code is "bad_version" or "agent_has_no_package" ? ExitCodes.BadInput : ExitCodes.Environment;
            }

            if (AgentPackages.Untested(agent, installed.Record.Version) is { } untested)
            {
                terminal.Error.WriteLine($"{terminal.Paint("note", Ansi.Yellow)}: {untested}");
            }

            terminal.WriteLine($"{agent.Title} {installed.Record.Version}  {installed.Executable}");
            return ExitCodes.Done;
        });

        return command;
    }

    private static void Write(Terminal terminal, AgentView agent)
    {
        var (word, color) = agent switch
        {
            { Ready: true, Version: null } => ("ready", Ansi.Green),
            { Ready: true } => (agent.Version!, Ansi.Green),
            { Version: not null } => ("unusable", Ansi.Red),
            { TestedVersion: not null } => ("not installed", Ansi.Dim),
            _ => ("unusable", Ansi.Red),
        };

        terminal.WriteLine($"{terminal.Paint($"{agent.Name,-16}", Ansi.Bold)} {terminal.Paint($"{word,-14}", color)} {agent.Wire ?? "any wire",-17} {agent.Path ?? ""}".TrimEnd());

        if (agent.Untested is { } untested)
        {
            terminal.WriteText($"{"",-16}  {Printable.EscapeLines(untested)}");
        }

        if (agent.Missing is { } missing)
        {
            terminal.WriteText($"{"",-16}  {Printable.EscapeLines(missing)}{(agent.Hint is { } hint ? " " + Printable.EscapeLines(hint) : "")}");
        }
    }

    private sealed class Reporter(Terminal terminal) : IProgress<string>
    {
        public void Report(string value) => terminal.Error.WriteLine(value);
    }
}
