using System.CommandLine;
using System.Globalization;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.Runs;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence resume RUN</c>: a new run that begins with what an ended one left, its conversation too.</summary>
internal static class ResumeCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var prompt = new Option<string?>("--prompt", "-p") { Description = "What to do next. Default: to go on where it was stopped.", HelpName = "TEXT|@FILE|-" };
        var budget = new Option<string?>("--budget") { Description = "US dollars on top of what was left.", HelpName = "+USD" };
        var turns = new Option<string?>("--turns") { Description = "Model requests on top of what was left.", HelpName = "+N" };
        var time = new Option<string?>("--time") { Description = "On top of the time that it had; counts from now.", HelpName = "+TIME" };
        var upstreams = new UpstreamOptions();
        var (json, quiet) = RunCommand.OutputOptions();

        var command = new Command(
            "resume",
            """
            Goes on from an ended run, as a new run: its changes, its conversation, what was left of its limits.

            Everything that was asked for stays as it was: agent, model, checks, network, output. The ended run keeps its own change and record.

            Examples:
              ringfence resume 01ky --budget +2
              ringfence resume 01ky -p "Use the existing helper instead"
            """) { argument, prompt, budget, turns, time, json, quiet };

        foreach (var option in upstreams.All)
        {
            command.Add(option);
        }

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var failures = new List<Failure>();
            var terms = new ResumeTerms
            {
                Instruction = await RunOptions.PromptAsync(parsed.GetValue(prompt), needed: false, failures, cancellationToken),
                MoreCost = More<Money>("--budget", parsed.GetValue(budget), Money.TryParse, "An amount of dollars, such as +2.50.", failures),
                MoreTurns = More<int>("--turns", parsed.GetValue(turns), TryCount, "A whole number, such as +20.", failures),
                MoreTime = More<TimeSpan>("--time", parsed.GetValue(time), Duration.TryParse, "A time, such as +10m.", failures),
            };

            var servers = upstreams.Read(parsed);
            var resumption = new RunResumption(home.Database, home.Runs, home.Workspaces);
            var request = await resumption.RequestAsync(parsed.GetRequiredValue(argument), terms, Home.User, cancellationToken);
            var agent = request.Succeeded(out var known) ? new AgentCatalog(home.Folder).Find(known.Agent) : default;
            failures.AddRange([.. servers.Failures, .. request.Failures, .. agent.Failures]);

            if (known is not null && !agent.IsFailure)
            {
                failures.AddRange(RunCommand.Unserved(agent, servers));
            }

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            return await RunCommand.RunAsync(
                terminal, home, request.Value, servers.Value, RunCommand.OutputOf(parsed, json, quiet), report: null, cancellationToken);
        });

        return command;
    }

    private delegate bool Parser<T>(string text, out T value);

    /// <summary>The plus sign may be left out: there is no other meaning.</summary>
    private static T More<T>(string flag, string? text, Parser<T> parse, string hint, List<Failure> failures)
        where T : struct
    {
        if (text is null)
        {
            return default;
        }

        if (parse(text.StartsWith('+') ? text[1..] : text, out var value))
        {
            return value;
        }

        failures.Add(new Failure("bad_limit", $"{flag} cannot be '{text}'.", hint));
        return default;
    }

    private static bool TryCount(string text, out int count) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);
}
