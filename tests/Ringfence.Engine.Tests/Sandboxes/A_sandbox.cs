using System.Security.Cryptography;
using Ringfence.Audit;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class A_sandbox
{
    [Fact]
    public async Task Runs_a_command_with_its_streams_and_tells_its_exit_code()
    {
        var trial = await Trial.RunAsync("read line; echo \"out $line\"; echo err >&2; exit 7", input: "hello\n");

        Assert.Equal("out hello\n", trial.Output);
        Assert.Equal("err\n", trial.Error);
        Assert.Equal(7, Assert.IsType<SandboxExit.Exited>(trial.Exit).Code);
    }

    [Fact]
    public async Task Gives_the_command_no_variable_but_those_of_its_spec()
    {
        var spec = new SandboxSpec { Command = ["/usr/bin/env"], Environment = new Dictionary<string, string> { ["ONLY"] = "this" } };

        Assert.Equal("ONLY=this\n", (await Trial.RunAsync(spec)).Output);
    }

    [Fact]
    public async Task Records_each_command_with_what_the_kernel_executed()
    {
        var trial = await Trial.RunAsync("cd /tmp; /bin/true 'one argument'; (exit 3); sh -c 'exit 5'; kill -9 $BASHPID");
        var commands = trial.Commands.ToList();

        Assert.Equal([1L, 2L, 3L], commands.Select(c => c.Command));
        Assert.Equal([0L, 1L, 1L], commands.Select(c => c.Parent));
        Assert.Equal(["/usr/bin/bash", "/usr/bin/true", "/usr/bin/dash"], commands.Select(c => c.Executable));
        Assert.Equal(["/bin/true", "one argument"], commands[1].Arguments);
        Assert.Equal("/tmp", commands[1].WorkingDirectory);
        Assert.Equal(await DigestOfAsync("/usr/bin/true"), commands[1].ExecutableDigest);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("/bin/true\0one argument\0"u8)), commands[1].ArgumentsDigest);

        Assert.Equal(9, Assert.IsType<SandboxExit.Signalled>(trial.Exit).Signal);

        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 15) || trial.Ends.Any(e => e.Known), "Before Linux 6.15 the kernel does not tell how commands ended.");
        Assert.Equal([(2L, 0, 0), (3L, 5, 0), (1L, -1, 9)], trial.Ends.Select(e => (e.Command, e.ExitCode, e.Signal)));
        Assert.All(trial.Ends, e => Assert.True(e.Known));
    }

    [Fact]
    public async Task Ends_its_record_with_what_it_used()
    {
        var ended = Assert.Single((await Trial.RunAsync("exit 4")).Facts.OfType<SandboxEnded>());

        Assert.Equal(("exited", "4"), (ended.Ending, ended.Detail));
        Assert.True(ended.CpuMicroseconds > 0);
    }

    [Fact]
    public async Task Leaves_the_base_alone_and_the_changes_in_their_folder()
    {
        using var folder = new TrialFolder();
        var (lower, upper) = (folder.Below("lower"), folder.Below("upper"));
        Directory.CreateDirectory(Path.Combine(lower, "replaced", "deep"));
        await File.WriteAllTextAsync(Path.Combine(lower, "kept"), "base", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(lower, "gone"), "base", TestContext.Current.CancellationToken);

        var spec = Trial.Shell("echo changed > kept; rm gone; rm -r replaced; mkdir replaced; ln -s /etc/passwd link; mkfifo pipe; touch $'new\\nline'") with
        {
            Workspace = new WorkspaceMount(lower, upper),
        };
        Assert.Equal(0, Assert.IsType<SandboxExit.Exited>((await Trial.RunAsync(spec)).Exit).Code);

        Assert.Equal("base", await File.ReadAllTextAsync(Path.Combine(lower, "kept"), TestContext.Current.CancellationToken));
        Assert.True(File.Exists(Path.Combine(lower, "gone")));
        Assert.Equal(
            ["Deleted gone", "Directory replaced", "File \"new\\nline\"", "File kept", "Special pipe", "SymbolicLink link"],
            WorkspaceChanges.Walk(new WorkspaceMount(upper, upper)).Select(e => e.ToString()).Select(e => e.Replace("OpaqueDirectory", "Directory", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Hands_out_listeners_for_both_doors()
    {
        using var folder = new TrialFolder();
        var spec = Trial.Shell("exec 3<>/dev/tcp/127.0.0.1/7400; echo to-gateway >&3; exec 4<>/dev/tcp/93.184.216.34/443; echo to-egress >&4; read -r a <&3; read -r b <&4; echo $a $b") with
        {
            Doors = SandboxDoors.Gateway | SandboxDoors.Egress,
        };
        var cancellation = TestContext.Current.CancellationToken;
        var started = await Trial.Launcher(folder).StartAsync(spec, "doors", new FactRecorder(), cancellation);
        await using var sandbox = started.Value;
        using var gateway = await sandbox.GatewayListener!.AcceptAsync(cancellation);
        using var egress = await sandbox.EgressListener!.AcceptAsync(cancellation);
        var buffer = new byte[64];

        Assert.Equal("to-gateway\n", Text(buffer, await gateway.ReceiveAsync(buffer, cancellation)));
        Assert.Equal("to-egress\n", Text(buffer, await egress.ReceiveAsync(buffer, cancellation)));
        await gateway.SendAsync("one\n"u8.ToArray(), cancellation);
        await egress.SendAsync("two\n"u8.ToArray(), cancellation);

        Assert.Equal("one two\n", await Trial.ReadAsync(sandbox.StandardOutput));
        Assert.Equal(0, Assert.IsType<SandboxExit.Exited>(await sandbox.Completion).Code);
    }

    [Fact]
    public async Task Tells_that_a_command_does_not_exist_inside()
    {
        using var folder = new TrialFolder();
        var started = await Trial.Launcher(folder).StartAsync(
            new SandboxSpec { Command = ["no-such-program"] }, "missing", new FactRecorder(), TestContext.Current.CancellationToken);

        var failure = Assert.Single(started.Failures);
        Assert.Equal("sandbox_command_missing", failure.Code);
        Assert.Contains("no-such-program", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_gone_when_it_is_disposed()
    {
        using var folder = new TrialFolder();
        var recorder = new FactRecorder();
        var started = await Trial.Launcher(folder).StartAsync(
            Trial.Shell("trap '' TERM INT HUP; (setsid nohup sleep 1000 &) ; sleep 1000"), "killed", recorder, TestContext.Current.CancellationToken);

        await started.Value.DisposeAsync();

        Assert.Equal("killed", Assert.Single(recorder.Facts.OfType<SandboxEnded>()).Ending);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, "scratch")));
    }

    private static string Text(byte[] buffer, int length) => System.Text.Encoding.UTF8.GetString(buffer, 0, length);

    private static async Task<string> DigestOfAsync(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken)));
}
