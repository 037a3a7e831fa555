using System.Diagnostics;
using System.Net.Sockets;
using Ringfence.Audit;

namespace Ringfence.Sandboxes;

/// <summary>Builds sandboxes with the native launcher, <c>rf-sandbox</c>. Needs no root; root makes some limits stronger.</summary>
/// <param name="nativeExecutable">Path of <c>rf-sandbox</c>.</param>
/// <param name="scratchDirectory">A folder of ours on this machine; each sandbox keeps its control socket there while it lives.</param>
public sealed class SandboxLauncher(string nativeExecutable, string scratchDirectory, TimeProvider time)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// Starts the command behind all walls, or tells every reason why not: nothing of it runs before every wall and limit stands.
    /// Failures: <c>sandbox_spec</c> (the spec asks for what cannot be), <c>sandbox_unavailable</c> (this machine cannot build it).
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

        var process = await LaunchAsync(resolved, name, recorder, cancellationToken);

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

    private async Task<SandboxProcess> LaunchAsync(SandboxSpec spec, string name, IRecorder recorder, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(scratchDirectory, $"{Environment.ProcessId}-{Guid.CreateVersion7(time.GetUtcNow()):N}");
        Directory.CreateDirectory(folder, OwnerOnly);

        // A socket's path may have 107 bytes; through a descriptor of its folder every path is short.
        using var handle = File.OpenHandle(Path.Combine(folder, "lock"), FileMode.CreateNew, FileAccess.Write, FileShare.None);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var directory = RawDirectory.Open(folder);

        try
        {
            listener.Bind(new UnixDomainSocketEndPoint($"/proc/self/fd/{directory.Descriptor}/control"));
        }
        finally
        {
            directory.Dispose();
        }

        listener.Listen(1);

        var start = new ProcessStartInfo(nativeExecutable, ["control"])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();

        var process = Process.Start(start)!;
        var connection = await AcceptAsync(listener, process, cancellationToken);
        var control = new ControlSocket(connection);
        control.Send(SandboxArguments.Frame([.. SandboxArguments.For(spec, name), .. SandboxArguments.Digests(KnownDigests.All)]));
        return new SandboxProcess(name, folder, process, control, spec.Limits, recorder, time);
    }

    private static async Task<Socket> AcceptAsync(Socket listener, Process process, CancellationToken cancellationToken)
    {
        var accepted = listener.AcceptAsync(cancellationToken).AsTask();
        var exited = process.WaitForExitAsync(cancellationToken);

        // A launcher that cannot run at all (wrong machine, blocked by a security module) never connects.
        if (await Task.WhenAny(accepted, exited) == accepted)
        {
            return await accepted;
        }

        throw new InvalidOperationException($"The sandbox launcher ended with {process.ExitCode} before it connected.");
    }
}
