using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using Ringfence.Audit;
using Ringfence.Workspaces;

namespace Ringfence.Sandboxes;

/// <summary>Builds sandboxes with the native launcher, <c>rf-sandbox</c>. Needs no root; root makes some limits stronger.</summary>
/// <param name="nativeExecutable">Path of <c>rf-sandbox</c>.</param>
/// <param name="scratchDirectory">A folder of ours on this machine; each sandbox keeps its control socket there while it lives.</param>
public sealed class SandboxLauncher(string nativeExecutable, string scratchDirectory, TimeProvider time)
{
    /// <summary>The code of a failure that a workspace made as a copy does not have.</summary>
    public const string NoOverlay = "sandbox_overlay";

    /// <summary>
    /// Starts the command behind all walls, or tells every reason why not: nothing of it runs before every wall and limit stands.
    /// Failures: <c>sandbox_spec</c> (the spec asks for what cannot be), <c>sandbox_unavailable</c> (this machine cannot build it),
    /// <see cref="NoOverlay"/> (the workspace's file systems cannot hold an overlay).
    /// Facts about commands and the end go to <paramref name="recorder"/>.
    /// </summary>
    /// <param name="name">Names the sandbox in facts, such as <c>agent</c> or <c>verification</c>.</param>
    public async Task<Result<Sandbox>> StartAsync(SandboxSpec spec, string name, IRecorder recorder, CancellationToken cancellationToken)
    {
        var check = SandboxSpecCheck.Check(spec, scratchDirectory);

        if (!check.Succeeded(out var resolved))
        {
            return Result.Fail<Sandbox>(check.Failures);
        }

        if (!File.Exists(nativeExecutable))
        {
            return new Failure("sandbox_unavailable", $"The sandbox launcher {nativeExecutable} is missing.", "Build or install it: ./native/build.sh.");
        }

        var launched = await LaunchAsync(resolved, name, recorder, cancellationToken);

        if (!launched.Succeeded(out var process))
        {
            return Result.Fail<Sandbox>(launched.Failures);
        }

        await using var stop = cancellationToken.Register(() => process.Kill(new SandboxExit.Killed("cancelled")));

        if (await process.Ready is { Count: > 0 } failures)
        {
            await process.Completion;
            process.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            return Result.Fail<Sandbox>(failures);
        }

        return new Sandbox(process, name);
    }

    /// <summary>
    /// Removes what a power cut or a kill -9 left on this machine: control groups and folders whose owner is gone. Call it at start; other
    /// supervisors may be running. Returns how many were removed.
    /// </summary>
    public int Sweep() => ScratchFolder.Sweep(scratchDirectory) + ControlGroups.Sweep();

    private async Task<Result<SandboxProcess>> LaunchAsync(SandboxSpec spec, string name, IRecorder recorder, CancellationToken cancellationToken)
    {
        var folder = ScratchFolder.Create(scratchDirectory, $"{Environment.ProcessId}-{Guid.CreateVersion7(time.GetUtcNow()):N}");
        Process? process = null;

        try
        {
            using var listener = Listen(folder.Path);
            process = Start(folder.Path);

            if (await AcceptAsync(listener, process, cancellationToken) is not { } connection)
            {
                return Abandon(process, folder, $"The sandbox launcher ended with {process.ExitCode} before it connected.");
            }

            var control = new ControlSocket(connection);
            control.Send(SandboxArguments.Frame([.. SandboxArguments.For(spec, name), .. SandboxArguments.Digests(KnownDigests.All)]));
            return new SandboxProcess(name, folder, process, control, spec.Limits, recorder, time);
        }
        catch (Exception error) when (error is Win32Exception or SocketException or IOException)
        {
            return Abandon(process, folder, $"The sandbox launcher cannot run: {error.Message}");
        }
        catch
        {
            Abandon(process, folder, "");
            throw;
        }
    }

    // Without a connection it has built nothing.
    private static Failure Abandon(Process? process, ScratchFolder folder, string message)
    {
        process?.Kill();
        process?.Dispose();
        folder.Dispose();
        return new Failure("sandbox_unavailable", message, "Run `ringfence doctor`.");
    }

    // A socket's path may have 107 bytes; through a descriptor of its folder every path is short.
    private static Socket Listen(string folder)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        using (var directory = UnixFolder.Open(folder))
        {
            listener.Bind(new UnixDomainSocketEndPoint($"/proc/self/fd/{directory.Descriptor}/control"));
        }

        listener.Listen(1);
        return listener;
    }

    private Process Start(string folder)
    {
        var start = new ProcessStartInfo(nativeExecutable, ["control"])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        return Process.Start(start)!;
    }

    private static async Task<Socket?> AcceptAsync(Socket listener, Process process, CancellationToken cancellationToken)
    {
        var accepted = listener.AcceptAsync(cancellationToken).AsTask();
        var exited = process.WaitForExitAsync(cancellationToken);

        // A launcher that cannot run at all (wrong machine, blocked by a security module) never connects.
        return await Task.WhenAny(accepted, exited) == accepted ? await accepted : null;
    }
}
