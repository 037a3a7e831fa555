using System.CommandLine;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.App.Views;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence agents test</c>: whether an agent does in the sandbox what a run relies on.</summary>
internal static class AgentsTestCommand
{
    public static Command Create(Terminal terminal)
    {
        var names = new Argument<string[]>("agent") { Description = "Which; default: all that are installed.", HelpName = "NAME", Arity = ArgumentArity.ZeroOrMore };
        var json = CommandActions.Json();
        var markdown = new Option<bool>("--markdown") { Description = "Print the table of docs/agents.md." };
        var command = new Command(
            "test", "Tries agents in the full sandbox against a SIMULATED model: command, file, denied host, resume, budget stop, kill. Some twenty seconds each.")
        {
            names, json, markdown,
        };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (!Chosen(home, parsed.GetValue(names) ?? []).Succeeded(out var agents, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            var tests = new List<AgentTestView>();

            foreach (var (agent, installed) in agents)
            {
                terminal.Error.WriteLine($"{$"{agent.Title} {installed?.Record.Version}".TrimEnd()}, against a {terminal.Paint("SIMULATED MODEL", Ansi.Yellow)}");

                if (!(await AgentTest.RunAsync(home, agent, installed, row => Show(terminal, row), cancellationToken)).Succeeded(out var test, out why))
                {
                    terminal.WriteFailures(why);
                    return ExitCodes.Environment;
                }

                tests.Add(test);
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(tests, AppJson.Default.IReadOnlyListAgentTestView);
            }
            else if (parsed.GetValue(markdown))
            {
                Markdown(terminal, tests);
            }

            return tests.TrueForAll(test => test.Passed) ? ExitCodes.Done : ExitCodes.ChecksFailed;
        });

        return command;
    }

    /// <summary>The agents named, each of which must be there; or all that are installed.</summary>
    private static Result<IReadOnlyList<(AgentDescription Agent, InstalledAgent? Installed)>> Chosen(Home home, string[] names)
    {
        var catalog = new AgentCatalog(home.Folder);
        var packages = new AgentPackages(home.Folder, TimeProvider.System);
        var chosen = new List<(AgentDescription, InstalledAgent?)>();
        var failures = new List<Failure>();

        foreach (var name in names.Length > 0 ? names : [.. catalog.Names])
        {
            if (!catalog.Find(name).Succeeded(out var agent, out var why))
            {
                failures.AddRange(why);
            }
            else if (packages.Check(agent) is { IsFailure: true } absent)
            {
                failures.AddRange(names.Length > 0 ? absent.Failures : []);
            }
            else if (names.Length > 0 || agent.Tools is not null)
            {
                chosen.Add((agent, packages.Installed(agent)));
            }
        }

        return failures.Count > 0 ? Result.Fail<IReadOnlyList<(AgentDescription, InstalledAgent?)>>(failures) : chosen;
    }

    private static void Show(Terminal terminal, AgentTestRow row) => terminal.Error.WriteLine(
        $"  {(row.Passed ? Terminal.Paint("passed", Ansi.Green, terminal.ColorError) : Terminal.Paint("FAILED", Ansi.Red, terminal.ColorError))}  {row.Check,-12} {Printable.EscapeLines(row.Detail)}");

    private static void Markdown(Terminal terminal, List<AgentTestView> tests)
    {
        string[] checks = [.. tests.SelectMany(test => test.Rows).Select(row => row.Check).Distinct()];
        terminal.WriteLine($"| agent | version | tested range | wire | {string.Join(" | ", checks)} |");
        terminal.WriteLine($"|---|---|---|---|{string.Concat(Enumerable.Repeat("---|", checks.Length))}");

        foreach (var test in tests)
        {
            var cells = checks.Select(check => test.Rows.FirstOrDefault(row => row.Check == check) is not { } row ? "–" : row.Passed ? "✓ " + row.Detail : "✗ " + row.Detail);
            terminal.WriteLine($"| `{test.Agent}` | {test.Version ?? "built in"} | {(test.TestedRange is [var oldest, var newest] ? $"{oldest} to {newest}" : "")} | {test.Wire} | {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");
        }
    }
}
