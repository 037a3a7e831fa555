using System.CommandLine;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Notifications;
using Ringfence.Runs;
using Ringfence.Workflows;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence run</c>: an agent in a sandbox, and a verified change back.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new RunOptions();
        var upstreams = new UpstreamOptions();
        var (json, quiet) = OutputOptions();

        var command = new Command(
            "run",
            """
            Runs an agent on a repository in a sandbox and brings back a verified change.

            Examples:
              ringfence run -p "Fix the failing test" --done "dotnet test"
              ringfence run -p @task.md --repo ~/src/app --max-cost 2 --timeout 10m --output patch
              git diff | ringfence run -p - --agent claude-code --allow "*.internal.example"

            Exit codes: ringfence help exit-codes
            """) { json, quiet };

        foreach (var option in options.All.Concat(upstreams.All))
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var view = OutputOf(parsed, json, quiet);
            var request = await options.ReadAsync(parsed, cancellationToken);
            var servers = upstreams.Read(parsed);
            var agent = request.Succeeded(out var known) ? new AgentCatalog(Home.DefaultFolder).Find(known.Agent) : options.ReadAgent(parsed);
            Failure[] failures = [.. request.Failures, .. servers.Failures, .. agent.Failures, .. Unserved(agent, servers)];

            if (failures.Length > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            return await RunAsync(terminal, parsed, request.Value, servers.Value, view, report: null, cancellationToken);
        });

        return command;
    }

    internal static (Option<bool> Json, Option<bool> Quiet) OutputOptions() => (
        new("--json") { Description = "One event per line on standard output; the last line is the run." },
        new("--quiet", "-q") { Description = "Print only where the change went, and errors." });

    internal static RunOutput OutputOf(ParseResult parsed, Option<bool> json, Option<bool> quiet) =>
        parsed.GetValue(json) ? RunOutput.Json : parsed.GetValue(quiet) ? RunOutput.Quiet : RunOutput.Text;

    /// <summary>Wires the parts together, runs, shows.</summary>
    /// <param name="report">Shows the end in its own way instead of the summary.</param>
    internal static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, RunRequest request, IReadOnlyList<Upstream> upstreams, RunOutput output,
        Func<Home, Run, RunOutcome, Task>? report, CancellationToken cancellationToken)
    {
        // The first use of a request's JSON compiles for some 70 ms. Admission needs it, so that happens while the store opens.
        _ = Task.Run(() => RunStore.DigestOf(request), cancellationToken);

        if (!(await Home.OpenAsync(parsed, terminal, cancellationToken)).Succeeded(out var home, out var why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.Environment;
        }

        await using (home)
        {
            return await RunAsync(terminal, home, request, upstreams, output, report, cancellationToken);
        }
    }

    /// <inheritdoc cref="RunAsync(Terminal, ParseResult, RunRequest, IReadOnlyList{Upstream}, RunOutput, Func{Home, Run, RunOutcome, Task}?, CancellationToken)"/>
    internal static async Task<int> RunAsync(
        Terminal terminal, Home home, RunRequest request, IReadOnlyList<Upstream> upstreams, RunOutput output,
        Func<Home, Run, RunOutcome, Task>? report, CancellationToken cancellationToken)
    {
        if (!(await RunHost.StartAsync(home, upstreams, cancellationToken)).Succeeded(out var host, out var why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.BadInput;
        }

        await using var _ = host;

        if (!(await host.PrepareAsync(request, Environment.CurrentDirectory, cancellationToken, Note)).Succeeded(out var pipeline, out why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.BadInput;
        }

        void Note(string words) => terminal.Error.WriteLine($"{Terminal.Paint("note", Ansi.Yellow, terminal.ColorError)}: {Printable.EscapeLines(words)}");

        RunOutcome outcome;
        Run last;

        using (pipeline)
        {
            var admitted = await home.Supervisor.AdmitAsync(request, pipeline.Redactor, cancellationToken);
            using var ended = new CancellationTokenSource();
            var events = output is RunOutput.Json ? WriteEventsAsync(terminal, home, admitted.Id, ended.Token) : Task.CompletedTask;
            (last, outcome) = await AttendAsync(terminal, home, admitted, pipeline, output, cancellationToken);

            if (outcome is RunOutcome.Waiting)
            {
                (last, outcome) = await new WaitingTerminal(terminal, home, host, output).FollowAsync(last, outcome, cancellationToken);
            }

            // All events are durable now, also when the record broke before its end.
            await ended.CancelAsync();
            await events;
            await TellAsync(home);
        }

        if (report is not null)
        {
            await report(home, last, outcome);
            return ExitCodes.For(last.Status, last.Reason);
        }

        var learned = request.Network.Learn
            ? LearnedHosts.Of(await new AuditReader(home.Database).FactsAsync<NetworkConnection>(last.Id, CancellationToken.None))
            : null;
        var failedCheck = await FailedCheck.EndAsync(new AuditReader(home.Database), last, CancellationToken.None);
        return Report(terminal, last, outcome, output, learned, failedCheck);
    }

    /// <summary>Sends what others are to be told of the run, once. What does not arrive is left to a server.</summary>
    internal static async Task TellAsync(Home home)
    {
        if (PolicyFile.Of(home.Folder).Succeeded(out var policy))
        {
            using var sender = new WebhookSender(home.Database, () => policy, TimeProvider.System);
            await sender.SendDueAsync(CancellationToken.None);
        }
    }

    /// <summary>Executes a run that this process holds, with its events on the screen.</summary>
    internal static async Task<(Run Run, RunOutcome Outcome)> AttendAsync(
        Terminal terminal, Home home, ActiveRun run, Result<RunPipeline> pipeline, RunOutput output, CancellationToken cancellationToken)
    {
        await using (run.Recorder)
        {
            using var view = new LiveView(terminal, run.Request.Limits, TimeProvider.System);

            if (output is RunOutput.Text)
            {
                terminal.Error.WriteLine(run.Request.Continues is { } earlier ? $"Run {run.Id} goes on from {earlier.Run}" : $"Run {run.Id}");
                view.Start();
            }

            using (run.Recorder.Subscribe(output is RunOutput.Text ? view.Show : _ => { }))
            {
                var outcome = await home.Supervisor.RunAsync(run, pipeline, cancellationToken);
                return (run.Run, outcome);
            }
        }
    }

    /// <summary>A screen may miss an event; a script may not, so it gets them from the store.</summary>
    private static async Task WriteEventsAsync(Terminal terminal, Home home, RunId run, CancellationToken complete)
    {
        await foreach (var happened in home.Events.FollowAsync(run, follow: true, after: -1, complete, CancellationToken.None))
        {
            terminal.WriteLine(happened.Json);
        }
    }

    private static int Report(
        Terminal terminal, Run run, RunOutcome outcome, RunOutput output, IReadOnlyList<string>? learned, IReadOnlyList<string> failedCheck)
    {
        if (output is RunOutput.Json)
        {
            terminal.WriteJson(RunView.Of(run, outcome.Changes) with { Learned = learned }, AppJson.Default.RunView);
        }
        else if (output is RunOutput.Text)
        {
            RunSummary.Write(terminal, run, outcome.Changes, failedCheck: failedCheck);

            if (learned is { Count: > 0 })
            {
                terminal.WriteLine($"  network  to allow just what was used: {LearnedHosts.AsFlags(learned)}");
            }
        }
        else if (run.Published is { } place)
        {
            terminal.WriteLine(place);
        }

        // Told where scripts look for errors. On a screen the summary has just said it, but for the hint.
        if (outcome is RunOutcome.Failed failed && output is not RunOutput.Json
            && (failed.Failure.Hint is not null || output is RunOutput.Quiet || !terminal.OutputIsTerminal || !terminal.ErrorIsTerminal))
        {
            terminal.WriteFailures([failed.Failure]);
        }

        return RunTransitions.HasEnded(run.Status) ? ExitCodes.For(run.Status, run.Reason) : run.Status is RunStatus.Waiting ? ExitCodes.Waiting : ExitCodes.Environment;
    }

    /// <summary>An agent whose wire has no server would fail at its first word; better said now.</summary>
    internal static IEnumerable<Failure> Unserved(Result<AgentDescription> agent, Result<IReadOnlyList<Upstream>> servers)
    {
        if (agent.Succeeded(out var description) && servers.Succeeded(out var known)
            && (description.Wire.Length > 0 ? known.All(server => WireName.Of(server.Wire) != description.Wire) : known.Count == 0))
        {
            yield return new Failure(
                "no_model_key", description.Wire.Length > 0 ? $"{description.Title} speaks the {description.Wire} wire, and there is no key for it." : "There is no key for any provider.",
                "Set ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY, or name a server: --upstream " + (description.Wire.Length > 0 ? description.Wire : "WIRE") + "=URL. To try it without one: ringfence demo.");
        }
    }
}

internal enum RunOutput
{
    Text,
    Json,
    Quiet,
}
