using System.Globalization;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Outputs;
using Ringfence.Runs;

namespace Ringfence.App.Commands;

/// <summary>
/// Puts one agent through what every run relies on: real runs in the full sandbox, judged by the record and not by what the agent says. Only the model is
/// simulated.
/// </summary>
internal sealed class AgentTest(Home home, RunHost host, AgentDescription agent, string repository, int tag)
{
    /// <summary>What a cap and a kill promise, on a machine that does much else: on one that does not it is a fraction of a second, which the row tells.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(10);

    /// <summary>Runs an agent's whole test. Fails only where the test itself could not be made.</summary>
    public static async Task<Result<AgentTestView>> RunAsync(
        Home home, AgentDescription agent, InstalledAgent? installed, Action<AgentTestRow> show, CancellationToken cancellationToken)
    {
        if (agent.Tools is not { } tools)
        {
            return new Failure("agent_untestable", $"The description of {agent.Name} does not name its tools.", "Add `tools: { shell: [NAME, ARGUMENT] }`.");
        }

        var folder = Directory.CreateTempSubdirectory("ringfence-agent-test-").FullName;

        try
        {
            var tag = Random.Shared.Next(1_000_000);
            var script = Path.Combine(folder, "model.json");
            var repository = Path.Combine(folder, "repository");
            Directory.CreateDirectory(repository);
            await File.WriteAllTextAsync(script, AgentTestScript.For(tools, tag), cancellationToken);
            await File.WriteAllTextAsync(Path.Combine(repository, "input.txt"), AgentTestScript.Secret + "\n", cancellationToken);

            if (await DemoRepository.CommitAsync(repository, "Something to work on", cancellationToken) is { IsFailure: true } uncommitted)
            {
                return Result.Fail<AgentTestView>(uncommitted.Failures);
            }

            if (!(await DemoModel.StartAsync(script, cancellationToken)).Succeeded(out var model, out var why))
            {
                return Result.Fail<AgentTestView>(why);
            }

            await using (model)
            {
                Upstream[] upstreams = [.. Enum.GetValues<Wire>().Select(wire => new Upstream { Wire = wire, BaseAddress = model.Address })];

                if (!(await RunHost.StartAsync(home, upstreams, cancellationToken)).Succeeded(out var host, out why))
                {
                    return Result.Fail<AgentTestView>(why);
                }

                await using (host)
                {
                    var rows = new List<AgentTestRow>();

                    await foreach (var row in new AgentTest(home, host, agent, repository, tag).RowsAsync(cancellationToken))
                    {
                        rows.Add(row);
                        show(row);
                    }

                    return new AgentTestView(agent.Name, agent.Title, installed?.Record.Version, agent.Wire, rows)
                    {
                        TestedRange = agent.Package is { } package ? [package.Tested.Oldest, package.Tested.Newest] : null,
                    };
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async IAsyncEnumerable<AgentTestRow> RowsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var row in await WorkAsync(cancellationToken))
        {
            yield return row;
        }

        yield return await BudgetAsync(cancellationToken);
        yield return await KillAsync(cancellationToken);
    }

    private async Task<IReadOnlyList<AgentTestRow>> WorkAsync(CancellationToken cancellationToken)
    {
        var request = Request(AgentTestScript.Work) with { Done = ["test -f second.txt"], Attempts = 2 };
        var (run, outcome, events) = await RunAsync(request, null, cancellationToken);

        if (run is null)
        {
            return [new AgentTestRow("start", false, Why(outcome))];
        }

        var commands = events.Select(e => e.Fact).OfType<CommandStarted>().ToList();
        var ran = commands.Any(c => c.Executable.EndsWith("/cat", StringComparison.Ordinal) && c.Arguments.Contains("input.txt"));
        var attempts = events.Select(e => e.Fact).OfType<RunStarted>().Count();
        var files = outcome.Changes?.Files.Select(f => f.Path.ToString()).ToList() ?? [];
        var connections = events.Select(e => e.Fact).OfType<NetworkConnection>().ToList();
        var denied = connections.Count(c => !c.Allowed && c.Host == AgentTestScript.DeniedHost);
        var reached = connections.Where(c => c.Allowed).Select(c => c.Host).Distinct().ToList();
        var others = connections.Where(c => !c.Allowed && c.Host != AgentTestScript.DeniedHost).Select(c => c.Host).Distinct().ToList();

        return
        [
            new AgentTestRow("command", ran, ran ? $"seen by the sandbox; {commands.Count} commands in all" : "no execve of it was seen. " + Why(outcome)),
            new AgentTestRow("file write", files.Contains("first.txt"), files.Contains("first.txt") ? "in the change set" : "not in the change set. " + Why(outcome)),
            new AgentTestRow(
                "denied host", denied > 0 && reached.Count == 0,
                reached.Count > 0 ? $"reached {string.Join(", ", reached)}" : denied == 0 ? "it was not asked for" : "refused" + (others.Count > 0 ? $", and so was {string.Join(", ", others)}" : "; it asked for nothing else")),
            new AgentTestRow(
                "resume", outcome is RunOutcome.Completed && files.Contains("second.txt"),
                outcome is RunOutcome.Completed ? $"attempt {attempts} knew what attempt 1 had said" : Why(outcome)),
        ];
    }

    private async Task<AgentTestRow> BudgetAsync(CancellationToken cancellationToken)
    {
        var request = Request(AgentTestScript.Budget);
        var (run, outcome, events) = await RunAsync(request with { Limits = request.Limits with { Cost = Money.FromDollars(0.5m) } }, null, cancellationToken);
        var denied = events.FirstOrDefault(e => e.Fact is BudgetDenied);
        var ended = events.LastOrDefault(e => e.Fact is SandboxEnded);

        if (run?.Reason != FailReason.MaxCost || denied is null || ended is null)
        {
            return new AgentTestRow("budget stop", false, Why(outcome));
        }

        var took = ended.At - denied.At;
        var after = events.Count(e => e.Fact is ModelRequested && e.Seq > denied.Seq);
        return new AgentTestRow(
            "budget stop", after == 0 && took <= AtOnce && run.Cost <= request.Limits.Cost,
            string.Create(CultureInfo.InvariantCulture, $"{run.Cost} of $0.50 spent, ended {Duration.Show(took)} after the cap, {after} calls after it"));
    }

    private async Task<AgentTestRow> KillAsync(CancellationToken cancellationToken)
    {
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var command = AgentTestScript.NeverEnding(tag);
        var killedAt = 0L;

        var (run, outcome, events) = await RunAsync(
            Request(AgentTestScript.Kill),
            happened =>
            {
                if (happened.Fact is CommandStarted started && string.Join(' ', started.Arguments) == command)
                {
                    Interlocked.CompareExchange(ref killedAt, TimeProvider.System.GetTimestamp(), 0);
                    kill.Cancel();
                }
            },
            kill.Token);

        var took = killedAt == 0 ? TimeSpan.MaxValue : TimeProvider.System.GetElapsedTime(killedAt);

        if (run?.Status != RunStatus.Cancelled || killedAt == 0)
        {
            return new AgentTestRow("kill", false, killedAt == 0 ? "the command to be killed was not started. " + Why(outcome) : Why(outcome));
        }

        var left = ProcessesWith(command);
        return new AgentTestRow(
            "kill", left == 0 && took <= AtOnce,
            string.Create(CultureInfo.InvariantCulture, $"everything ended within {Duration.Show(took)}, {left} processes left"));
    }

    private RunRequest Request(string prompt) => new()
    {
        Prompt = $"{prompt}: do what you are asked to, step by step.",
        Repository = repository,
        Agent = agent.Name,
        Model = AgentTestScript.Model,
        Limits = new RunLimits { Cost = Money.FromDollars(5), Turns = 30, Time = TimeSpan.FromMinutes(10), Silence = TimeSpan.FromMinutes(3) },
        Output = OutputKind.None,
        RequestedBy = Home.User,
    };

    private async Task<(Run? Run, RunOutcome Outcome, IReadOnlyList<AuditEvent> Events)> RunAsync(
        RunRequest request, Action<AuditEvent>? watch, CancellationToken cancellationToken)
    {
        if (!(await host.PrepareAsync(request, home.Folder, cancellationToken)).Succeeded(out var pipeline, out var why))
        {
            return (null, new RunOutcome.Failed(FailReason.Environment, why[0]), []);
        }

        using (pipeline)
        {
            var run = await home.Supervisor.AdmitAsync(request, pipeline.Redactor, cancellationToken);
            RunOutcome outcome;

            await using (run.Recorder)
            {
                using var watching = run.Recorder.Subscribe(watch ?? (_ => { }));
                outcome = await home.Supervisor.RunAsync(run, pipeline, cancellationToken);
            }

            return (run.Run, outcome, await new AuditReader(home.Database).AllAsync(run.Id, CancellationToken.None));
        }
    }

    private static string Why(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Failed failed => failed.Failure.Message,
        RunOutcome.Cancelled cancelled => $"It was cancelled by {cancelled.By}.",
        _ => "The run completed.",
    };

    private static int ProcessesWith(string command) => Directory.EnumerateDirectories("/proc")
        .Where(entry => int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        .Count(entry =>
        {
            try
            {
                return File.ReadAllText(Path.Combine(entry, "cmdline")).TrimEnd('\0').Replace('\0', ' ') == command;
            }
            catch (IOException)
            {
                return false;
            }
        });
}
