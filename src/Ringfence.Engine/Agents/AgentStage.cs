using System.Text;
using Ringfence.Audit;
using Ringfence.Budgets;
using Ringfence.Egress;
using Ringfence.Gateway;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Setups;
using Ringfence.Workspaces;

namespace Ringfence.Agents;

/// <summary>Runs an agent once: sandbox around it, two doors attended, its words heard, its ending told.</summary>
/// <param name="program">The installed package; null for an agent that is none.</param>
public sealed class AgentStage(
    AgentDescription agent, WorkspaceStore workspaces, AgentProgram? program, EgressPlan egress, Toolchain toolchain, SandboxLauncher sandboxes, ModelGateway gateway, TimeProvider time)
{
    /// <summary>After a cap the agent gets this long to end by itself, so that its last words are heard. Then it is ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>An agent that has said its last word and then nothing for so long has forgotten to end. One that waits for us to close has less.</summary>
    private static readonly TimeSpan AfterLastWord = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AfterClosing = TimeSpan.FromSeconds(2);

    public LeaseRequest LeaseFor(ActiveRun run) => new()
    {
        Run = run.Id,
        Limit = run.Request.Limits.Cost,
        Turns = run.TurnsLeft,
        CallPrefix = run.Run.Starts > 1 ? $"m{run.Run.Starts}." : "m",
        TerminalStatus = agent.TerminalStatus,
        Scopes = RunScopes.Of(run.Request),
        Pins = run.Request.Pins,
    };

    public async Task<AgentEnding> RunAsync(
        ActiveRun run, Workspace workspace, GatewayLease lease, AgentTask task, CancellationToken cancellationToken)
    {
        var template = new AgentTemplate(
            task.Prompt, lease.Token, run.Request.Model ?? agent.DefaultModel, run.TurnsLeft - lease.Turns, task.Session)
        {
            Program = program?.Command ?? [],
            Rules = run.Request.Tools,
            ToolNames = agent.ToolNames,
        };

        if (!(await ConfiguredAsync(run, workspace, cancellationToken)).Succeeded(out var mount, out var wrong))
        {
            return new AgentEnding(null, null, new AgentStop(wrong[0].Code is "unknown_ref" ? FailReason.BadInput : FailReason.Environment, wrong[0]));
        }

        if (!(await sandboxes.StartAsync(Spec(run, workspace, mount, template), run.Named($"agent-{task.Attempt}"), run.InWorkspace, cancellationToken))
            .Succeeded(out var sandbox, out var why))
        {
            return new AgentEnding(null, null, new AgentStop(FailReason.Environment, why[0]));
        }

        await using (sandbox)
        {
            run.Recorder.Append(await StartedAsync(run, task, sandbox, cancellationToken));
            gateway.Serve(lease, sandbox.GatewayListener!);
            await using var door = egress.Open(sandbox, run.Recorder, time);

            var reader = AgentEventReader.For(agent, template);
            reader.Open(agent.Input is { } input ? template.Fill(input) : null);
            var listener = new AgentListener(reader, run.Recorder, lease, new ToolWatch(run.Request.Tools, agent));
            var errors = new OutputTail(4096);
            var heard = Task.WhenAll(
                listener.ListenAsync(sandbox.StandardOutput, cancellationToken),
                errors.FillAsync(sandbox.StandardError, cancellationToken),
                TellAsync(sandbox.StandardInput, reader, cancellationToken));

            var stalled = await WatchAsync(run, sandbox, lease, listener, FaultOfAsync(heard, door.Broken), cancellationToken);
            var trouble = lease.Trouble;
            var exit = await sandbox.Completion.WaitAsync(cancellationToken);
            await heard;

            var stop = AgentVerdict.Of(agent, exit, lease.Ending, stalled, listener.Claim, errors.ToString(), listener.LastUnknown, trouble);
            run.Recorder.Append(new AgentFinished(
                task.Attempt, listener.Claim?.Outcome.ToString().ToLowerInvariant() ?? "unknown",
                exit is SandboxExit.Exited exited ? exited.Code : -1, listener.Claim?.Message) { Trust = Trust.Reported });

            return new AgentEnding(listener.Session, listener.Claim?.Message ?? listener.LastText, stop);
        }
    }

    private SandboxSpec Spec(ActiveRun run, Workspace workspace, WorkspaceMount mount, AgentTemplate template)
    {
        var environment = Toolchain.Environment(egress.SandboxEnvironment, run.Request.Environment, SetupStage.HomeFor(run.Request), template.Fill(agent.Environment));

        if (program?.SearchPath is { } first)
        {
            environment["PATH"] = first + ":" + environment["PATH"];
        }

        return new SandboxSpec
        {
            Command = template.Arguments(template.Session is not null && agent.Resume.Count > 0 ? agent.Resume : agent.Command),
            Environment = environment,
            Workspace = mount,
            Mounts = [.. toolchain.Mounts, .. workspace.Mounts, .. program?.Mounts ?? [], .. run.Request.Mounts, .. Hidden(run, workspace)],
            Files = [.. egress.Files, .. template.Fill(agent.Files).Select(file => new SandboxFile(file.Key, Encoding.UTF8.GetBytes(file.Value)))],
            Limits = run.Request.Sandbox,
            Doors = SandboxDoors.Gateway | SandboxDoors.Egress,
        };
    }

    private IReadOnlyList<Mount> Hidden(ActiveRun run, Workspace workspace)
    {
        if (!run.Request.HideRepositoryConfiguration)
        {
            return [];
        }

        var covers = HiddenConfiguration.Cover(agent.RepositoryConfiguration, workspace.Mount.Lower, Path.Combine(workspace.Folder, "hidden"));
        Replaced(run, "hidden", [.. covers.Select(cover => cover.Target[(SandboxPaths.Workspace.Length + 1)..])]);
        return covers;
    }

    /// <summary>
    /// The workspace as this agent may see it: its configuration as the trusted revision has it, where one was named. A layer below the run's changes does
    /// this, so that the change set knows nothing of it, and no check either.
    /// </summary>
    private async Task<Result<WorkspaceMount>> ConfiguredAsync(ActiveRun run, Workspace workspace, CancellationToken cancellationToken)
    {
        if (!(await ShownAsync(run, workspace, cancellationToken)).Succeeded(out var shown, out var wrong) || run.Request.TrustedConfiguration is not { } trusted)
        {
            return wrong.Count > 0 ? Result.Fail<WorkspaceMount>(wrong) : shown!;
        }

        if (!(await workspaces.ResolveAsync(workspace, run.Request.Repository, trusted, cancellationToken)).Succeeded(out var revision, out var why)
            || !(await workspace.LayerOfAsync(revision.Tree, path => HiddenConfiguration.Has(agent.RepositoryConfiguration, path), cancellationToken)).Succeeded(out var made, out why))
        {
            return Result.Fail<WorkspaceMount>(why);
        }

        Replaced(run, revision.Commit, made.Paths);
        return made.Paths.Count == 0 ? shown : shown with { Layers = [made.Layer, .. shown.Layers] };
    }

    /// <summary>The workspace without the files that this run's agent is not shown.</summary>
    private static async Task<Result<WorkspaceMount>> ShownAsync(ActiveRun run, Workspace workspace, CancellationToken cancellationToken)
    {
        var context = run.Request.Context;

        if (context.IsEverything)
        {
            return workspace.Mount;
        }

        if (!(await workspace.HideAsync(context, cancellationToken)).Succeeded(out var hidden, out var why))
        {
            return Result.Fail<WorkspaceMount>(why);
        }

        run.Recorder.Append(new ContextHidden(context.Include, context.Exclude, hidden.Files));
        return hidden.Files == 0 || workspace.Mount.IsCopy ? workspace.Mount : workspace.Mount with { Layers = [hidden.Layer, .. workspace.Mount.Layers] };
    }

    private static void Replaced(ActiveRun run, string source, IReadOnlyList<string> paths) =>
        run.Recorder.Append(new AgentConfigurationReplaced(source, [.. paths.Take(200)]));

    /// <summary>
    /// Waits for the agent's end, and brings it about when the gateway closed or nothing has happened for too long. True when it was silent.
    /// Throws when the record cannot be written any more: an agent that nobody hears does not go on.
    /// </summary>
    private async Task<bool> WatchAsync(
        ActiveRun run, Sandbox sandbox, GatewayLease lease, AgentListener listener, Task fault, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var silence = SilenceAsync(run.Request.Limits.Silence, () => (listener.Heard, lease.Turns + lease.Spent.Nanodollars, sandbox.LastActivity), ending.Token);
        var finished = FinishedAsync(listener, ending.Token);
        var first = await Task.WhenAny(sandbox.Completion, lease.Ended, silence, finished, fault).WaitAsync(cancellationToken);

        if (first == fault)
        {
            await fault;
        }

        if (first == lease.Ended)
        {
            await Task.WhenAny(sandbox.Completion, Task.Delay(Grace, time, cancellationToken));
        }

        var stalled = first == silence && !sandbox.Completion.IsCompleted;
        sandbox.Kill(stalled ? "the watchdog" : first == finished ? "its last word" : "the gateway");
        await ending.CancelAsync();
        return stalled;
    }

    /// <summary>
    /// Ends when the agent has said its last word and does not end. It did what it says, so this is no failure; what it left running must not keep the run.
    /// </summary>
    private async Task FinishedAsync(AgentListener listener, CancellationToken cancellationToken)
    {
        await listener.Finished.WaitAsync(cancellationToken);
        await SilenceAsync(listener.IsConversation ? AfterClosing : AfterLastWord, () => (listener.Heard, 0, 0), cancellationToken);
    }

    /// <summary>Ends only by a fault of either.</summary>
    private static async Task FaultOfAsync(Task heard, Task door)
    {
        await await Task.WhenAny(heard, door);
        await door;
    }

    /// <summary>Ends when nothing counted for as long as <paramref name="limit"/>. Armed at the start: an agent may hang before its first word.</summary>
    private async Task SilenceAsync(TimeSpan limit, Func<(long, long, long)> activity, CancellationToken cancellationToken)
    {
        var last = activity();
        var since = time.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500), time);

        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (activity() is var now && now != last)
            {
                (last, since) = (now, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(since) >= limit)
            {
                return;
            }
        }
    }

    private static async Task TellAsync(Stream input, AgentEventReader reader, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var words in reader.Outgoing.ReadAllAsync(cancellationToken))
            {
                await input.WriteAsync(words, cancellationToken);
                await input.FlushAsync(cancellationToken);
            }

            await input.DisposeAsync();
        }
        catch (IOException)
        {
            // It ended without reading what it was told; its ending says the rest.
        }
    }

    private async Task<RunStarted> StartedAsync(ActiveRun run, AgentTask task, Sandbox sandbox, CancellationToken cancellationToken) => new(
        task.Attempt, agent.Name, program?.Version ?? ProductVersion, await ExecutableDigestAsync(cancellationToken), sandbox.Isolation,
        run.Request.Limits.Cost.Nanodollars, run.Request.Limits.Turns, (long)run.Request.Limits.Time.TotalMilliseconds,
        RunStore.Digest(string.Join('\n', egress.Rules)), PriceTable.Embedded.Version);

    /// <summary>Of the agent's own program. What actually ran is on the record in any case, by execve.</summary>
    private async Task<string> ExecutableDigestAsync(CancellationToken cancellationToken)
    {
        var builtIn = Path.Combine(toolchain.Agent, "ringfence-agent.dll");
        return program?.Digest ?? (File.Exists(builtIn) ? await ProgramFile.DigestAsync(builtIn, cancellationToken) : "");
    }

    private static string ProductVersion { get; } = typeof(AgentStage).Assembly.GetName().Version!.ToString(3);
}
