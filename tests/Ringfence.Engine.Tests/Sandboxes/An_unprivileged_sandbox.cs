using System.Diagnostics;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

/// <summary>The same walls for a user without any privilege. Where the tests run as such a user, all the others show it.</summary>
public sealed class An_unprivileged_sandbox
{
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    // Follows one launcher as the supervisor does: prints what it says first of each message, and what the command prints.
    private const string Supervisor = """
        import os, socket, struct, subprocess, sys
        native, frame, folder = sys.argv[1:]
        os.chdir(folder)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind('control')
        listener.listen(1)
        subprocess.Popen([native, 'control'], env={}, stdin=subprocess.DEVNULL)
        connection, _ = listener.accept()
        connection.sendall(open(frame, 'rb').read())
        data, held = b'', []
        while True:
            piece, descriptors, _, _ = socket.recv_fds(connection, 65536, 8)
            held += descriptors
            if not piece: break
            data += piece
        while data:
            length = struct.unpack('<I', data[:4])[0]
            message, data = data[4:4 + length], data[4 + length:]
            words, rest = [], message[1:]
            while message[:1] in b'IEU' and len(words) < (3 if message[:1] in b'IE' else 1):
                size = struct.unpack('<I', rest[:4])[0]
                words.append(rest[4:4 + size].decode())
                rest = rest[4 + size:]
            if words: print(message[:1].decode(), ' | '.join(words), flush=True)
        """;

    [Fact(Skip = "These tests run unprivileged already.", SkipUnless = nameof(IsRoot))]
    public async Task Has_the_same_walls_and_says_which_limits_are_weaker()
    {
        var spec = Trial.Shell(
            """
            id -u; grep -c '^Cap.*0000000000000000$' /proc/self/status; echo changed > file; rm gone
            (exec 3<>/dev/tcp/93.184.216.34/443) && echo captured
            (echo > /usr/x) 2>/dev/null || echo refused; ls /home
            """) with
        { Doors = SandboxDoors.Egress };

        var lines = await RunAsync(spec);

        Assert.Equal(["1000", "5", "captured", "refused", "agent"], lines.TakeWhile(l => !l.StartsWith("I ", StringComparison.Ordinal)));
        Assert.Contains("U exited", lines);
        Assert.Contains(lines, l => l.StartsWith("I network | full", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("I landlock | full", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("I memory | weaker", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("I processes | weaker", StringComparison.Ordinal));
    }

    [Theory(Skip = "These tests run unprivileged already.", SkipUnless = nameof(IsRoot))]
    [InlineData("python3 -c 'x = []\nwhile True: x.append(bytearray(1 << 20))'", "memory")]
    [InlineData("for i in $(seq 50); do head -c 1M /dev/zero > f$i; done; mkdir hidden; for i in $(seq 50); do head -c 1M /dev/zero > hidden/f$i; done; chmod 0 hidden; sleep 1000", "disk")]
    public async Task Is_ended_at_its_limit_of(string script, string limit)
    {
        var lines = await RunAsync(Trial.Shell(script) with { Limits = new SandboxLimits { MemoryBytes = 96L << 20, DiskBytes = 64L << 20 } });

        Assert.Contains($"U {limit}", lines);
    }

    [Fact(Skip = "These tests run unprivileged already.", SkipUnless = nameof(IsRoot))]
    public async Task Has_a_number_of_processes_of_its_own()
    {
        var lines = await RunAsync(Attack.Python("""
            import time
            made = 0
            try:
                while made < 100:
                    if os.fork() == 0: time.sleep(1000)
                    made += 1
            except BlockingIOError: print('stopped at', made)
            """) with
        { Limits = new SandboxLimits { Processes = 20 } });

        Assert.Contains("stopped at 19", lines);
    }

    [Fact(Skip = "These tests run unprivileged already.", SkipUnless = nameof(IsRoot))]
    public async Task Does_not_start_when_a_limit_cannot_be_had()
    {
        var lines = await RunAsync(Trial.Shell("echo ran") with { Limits = new SandboxLimits { MilliCores = 500 } });

        Assert.Contains(lines, l => l.StartsWith("E sandbox_unavailable | The sandbox cannot limit processor time", StringComparison.Ordinal));
        Assert.DoesNotContain("ran", lines);
    }

    private static async Task<string[]> RunAsync(SandboxSpec spec)
    {
        using var folder = new TrialFolder();
        var (native, frame) = (Path.Combine(folder.Path, "rf-sandbox"), Path.Combine(folder.Path, "frame"));
        Executable.Copy(Trial.Native, native);
        var mounted = spec with { Workspace = new WorkspaceMount(folder.Below("lower"), folder.Below("upper")) };
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "lower", "gone"), "", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(frame, SandboxArguments.Frame(SandboxArguments.For(mounted, "unprivileged")), TestContext.Current.CancellationToken);
        Workspaces.Shell.Run("/", "chown -R 65534:65534 \"$0\" && chmod 755 \"$0\"", folder.Path);

        string[] arguments = ["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", Supervisor, native, frame, folder.Path];
        using var process = Process.Start(new ProcessStartInfo("setpriv", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
