using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Processes;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Storage;
using Ringfence.Workspaces;

namespace Ringfence.Setups;

/// <summary>
/// Puts what the set-up command prepares below a run's workspace: made once in a sandbox of its own, then shared, read-only, by all runs for which it would
/// be the same. Only what git ignores goes into it, so that neither a change set nor the tree that is checked can come from it.
/// </summary>
public sealed class SetupStage(SetupLayers layers, EgressPlan egress, Toolchain toolchain, SandboxLauncher sandboxes, TimeProvider time) : IDisposable
{
    private const int OutputKept = 256 << 10;
    private const string Name = "setup";

    private const string HomeName = "ringfence-home";

    private static readonly Dictionary<string, string> Home = new() { ["HOME"] = $"{SandboxPaths.Workspace}/.git/{HomeName}" };

    /// <summary>
    /// The home of every process that stands on a layer: tools keep packages in their home, and this one is in the overlay. Git data is never part of a change.
    /// </summary>
    public static IReadOnlyDictionary<string, string> HomeFor(RunRequest request) => request.Setup is null ? new Dictionary<string, string>() : Home;

    /// <summary>The workspace on its layer. Fails with <c>setup_failed</c>.</summary>
    public async Task<Result<Workspace>> PrepareAsync(ActiveRun run, Workspace workspace, CancellationToken cancellationToken)
    {
        if (!(await SetupKey.OfAsync(run.Request, workspace, cancellationToken)).Succeeded(out var key, out var why))
        {
            return Result.Fail<Workspace>(why);
        }

        // A second run with the same key waits here for the first, and then finds it done.
        using var held = await layers.LockAsync(key, cancellationToken);
        var reused = layers.Use(key);

        if (reused is null && !(await MakeAsync(run, workspace, key, cancellationToken)).Succeeded(out _, out why))
        {
            return Result.Fail<Workspace>(why);
        }

        if (reused is not null)
        {
            var age = time.GetUtcNow().ToUnixTimeSeconds() - (reused.MadeUs / 1_000_000);
            run.Recorder.Append(new SetupPrepared(reused.Command, key, true, age, reused.TookMicroseconds, "", reused.LeftOut));
        }

        return await workspace.OnAsync(layers.LayerOf(key), cancellationToken);
    }

    public void Dispose() => egress.Dispose();

    private async Task<Result<SetupLayer>> MakeAsync(ActiveRun run, Workspace workspace, string key, CancellationToken cancellationToken)
    {
        if (!(await workspace.ForSetupAsync(layers.Begin(key), cancellationToken)).Succeeded(out var place, out var unmade))
        {
            return Result.Fail<SetupLayer>(unmade);
        }

        var command = run.Request.Setup!.Command;
        var began = time.GetTimestamp();
        var output = new OutputTail(OutputKept);

        if (!(await RunAsync(run, place, command, output, cancellationToken)).Succeeded(out var exit, out var why))
        {
            return Result.Fail<SetupLayer>(why);
        }

        var took = (long)time.GetElapsedTime(began).TotalMicroseconds;

        if (exit is not SandboxExit.Exited { Code: 0 })
        {
            var code = exit is SandboxExit.Exited exited ? exited.Code : -1;
            var stopped = exit is SandboxExit.LimitReached limit ? $"limit of {limit.Limit.Replace('_', ' ')} reached: {limit.Detail}" : null;
            run.Recorder.Append(new SetupFailed(command, code, stopped, took, run.Recorder.Keep(output.ToArray())));
            return new Failure(
                "setup_failed", $"The set-up command `{Printable.Escape(command)}` failed: {stopped ?? $"exit code {code}"}. {LastWords(output)}".TrimEnd(),
                "It runs on the base commit with a network of its own: --setup-allow HOST, --setup-preset NAME. To try it: ringfence sandbox --repo . -- COMMAND.");
        }

        if (!(await place.CollectAsync(cancellationToken)).Succeeded(out var changes, out why))
        {
            return Result.Fail<SetupLayer>(why);
        }

        Keep(place, changes, layers.LayerOf(key));
        await SyncAsync(layers.LayerOf(key), cancellationToken);
        var layer = new SetupLayer(key, workspace.Repository, command, time.NowMicroseconds(), took, changes.Files.Count);
        layers.Finish(layer);
        run.Recorder.Append(new SetupPrepared(command, key, false, 0, took, run.Recorder.Keep(output.ToArray()), layer.LeftOut));
        return layer;
    }

    private async Task<Result<SandboxExit>> RunAsync(ActiveRun run, Workspace place, string command, OutputTail output, CancellationToken cancellationToken)
    {
        var spec = new SandboxSpec
        {
            Command = ["/bin/sh", "-c", "mkdir -p \"$HOME\" && eval \"$1\"", "sh", command],
            Environment = Toolchain.Environment(egress.SandboxEnvironment, run.Request.Environment, Home),
            Files = egress.Files,
            Workspace = place.Mount,
            Mounts = [.. toolchain.Mounts, .. place.Mounts, .. run.Request.Mounts],
            Limits = run.Request.Sandbox with { WallTime = run.Request.Limits.CheckTime },
            Doors = SandboxDoors.Egress,
        };

        if (!(await sandboxes.StartAsync(spec, Name, run.Recorder, cancellationToken)).Succeeded(out var sandbox, out var why))
        {
            return Result.Fail<SandboxExit>(why);
        }

        await using (sandbox)
        {
            await using var door = egress.Open(sandbox, run.Recorder, time);
            var read = Task.WhenAll(output.FillAsync(sandbox.StandardOutput, cancellationToken), output.FillAsync(sandbox.StandardError, cancellationToken));
            await sandbox.StandardInput.DisposeAsync();
            await await Task.WhenAny(sandbox.Completion, door.Broken).WaitAsync(cancellationToken);
            var exit = await sandbox.Completion;
            await read;
            return exit;
        }
    }

    /// <summary>Moves what git ignores, and the home, into the layer; the rest of what the command left is removed.</summary>
    private static void Keep(Workspace place, ChangeSet changes, string layer)
    {
        using var from = UnixFolder.Open(place.Mount.Upper!);
        using var to = UnixFolder.Open(layer);

        foreach (var note in changes.Notes.Where(note => note.Reason is PathNoteReason.Ignored))
        {
            Move(from, to, note.Path.Bytes);
        }

        var home = System.Text.Encoding.ASCII.GetBytes(".git/" + HomeName);

        if (Directory.Exists(Path.Combine(place.Mount.Upper!, ".git", HomeName)))
        {
            Move(from, to, home);
        }

        foreach (var rest in (string[])["upper", "git", "ignore"])
        {
            UnixFolder.RemoveAll(Path.Combine(place.Folder, rest));
        }
    }

    /// <summary>The overlay does not write through, and a layer that a power loss tore would be used for weeks.</summary>
    private static async Task SyncAsync(string layer, CancellationToken cancellationToken)
    {
        if (ChildProcess.Start(new ChildCommand("/bin/sync", ["--file-system", layer], new Dictionary<string, string>())).Succeeded(out var sync))
        {
            await using (sync)
            {
                await sync.WaitAsync(cancellationToken);
            }
        }
    }

    private static void Move(UnixFolder from, UnixFolder to, ReadOnlySpan<byte> path)
    {
        var slash = path.LastIndexOf((byte)'/');
        var parent = path[..Math.Max(0, slash)];
        using var source = from.OpenBelow(parent);
        using var target = to.MakeBelow(parent);
        source.MoveInto(path[(slash + 1)..], target);
    }

    private static string LastWords(OutputTail output) =>
        Printable.Escape(string.Join(" / ", output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(3)));
}
