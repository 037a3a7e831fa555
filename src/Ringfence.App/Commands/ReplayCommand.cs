using System.CommandLine;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Gateway;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence replay RUN</c>: the same agent in the same sandbox on the same commit, with the recorded answers instead of a model.</summary>
internal static class ReplayCommand
{
    public static Command Create(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var live = new Option<int?>("--live-after") { Description = "After so many answers from the record, ask the model again.", HelpName = "N" };
        var upstreams = new UpstreamOptions();
        var (json, quiet) = RunCommand.OutputOptions();

        var command = new Command(
            "replay",
            """
            Plays a recorded run back, as a new run: no model is called and nothing is spent.

            The agent, the sandbox, the commit and the checks are those of the run; nothing is published. A request that is not on the record, apart from identifiers
            and times, ends the replay and is shown beside the nearest one that is. Only runs started with --record can be played back.

            Examples:
              ringfence run -p "Fix the failing test" --record
              ringfence replay 01ky
              ringfence replay 01ky --live-after 3
            """) { argument, live, json, quiet };

        foreach (var option in upstreams.All)
        {
            command.Add(option);
        }

        command.WithRun(terminal, argument, async (parsed, home, run, cancellationToken) =>
        {
            var after = parsed.GetValue(live);
            var failures = new List<Failure>(Refuse(home, run, after));
            Result<IReadOnlyList<Upstream>> servers = after is null ? new List<Upstream>() : upstreams.Read(parsed);
            failures.AddRange(servers.Failures);

            if (after is not null)
            {
                failures.AddRange(RunCommand.Unserved(new AgentCatalog(home.Folder).Find(run.Request.Agent), servers));
            }

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            var request = run.Request with
            {
                Ref = run.BaseCommit,
                Record = false,
                Replay = new RunReplay(run.Id.Value, after),
                Output = OutputKind.None,
                Approve = [],
                RequestedBy = Home.User,
            };

            var view = RunCommand.OutputOf(parsed, json, quiet);
            return await RunCommand.RunAsync(
                terminal, home, request, servers.Value, view, view is RunOutput.Text ? (_, again, outcome) => Report(terminal, run, again, outcome) : null, cancellationToken);
        });

        return command;
    }

    private static IEnumerable<Failure> Refuse(Home home, Run run, int? after)
    {
        if (!new CassetteFolder(home.Folder).Has(run.Id))
        {
            yield return new Failure("no_cassette", $"The model traffic of run {run.Id} was not kept.", "Start a run with `ringfence run --record` to play it back.");
        }

        if (run.BaseCommit is null)
        {
            yield return new Failure("no_commit", $"Run {run.Id} ended before it had a commit to start from.");
        }

        if (after < 0)
        {
            yield return new Failure("bad_limit", $"--live-after cannot be {after}.", "A whole number from 0.");
        }
    }

    private static Task Report(Terminal terminal, Run run, Run again, RunOutcome outcome)
    {
        RunSummary.Write(terminal, again, outcome.Changes, nextSteps: false);

        if (outcome is RunOutcome.Failed failed)
        {
            terminal.WriteFailures([failed.Failure]);
        }
        else
        {
            terminal.WriteLine(again.Tree == run.Tree ? $"  replay   the same tree as run {run.Id}" : $"  replay   another tree than run {run.Id}: ringfence diff {again.Id}");
        }

        return Task.CompletedTask;
    }
}
