using System.Net.Sockets;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class A_sandbox_spec
{
    [Fact]
    public void Becomes_directives_that_name_every_wall()
    {
        var spec = new SandboxSpec
        {
            Command = ["/usr/bin/agent", "--say", "it's \"so\"\n"],
            Environment = new Dictionary<string, string> { ["TOKEN"] = "secret", ["HOME"] = "/home/agent" },
            Workspace = new WorkspaceMount("/srv/base", "/srv/runs/one/changes"),
            Mounts = [new Mount("/opt/tool", "/mnt/tool"), new Mount("/srv/cache", "/home/agent/.cache", Writable: true)],
            Files = [new SandboxFile("/home/agent/.config", new byte[] { 0, 255, 10 }, Mode: 0x180)],
            Limits = new SandboxLimits { MilliCores = 1500 },
            Doors = SandboxDoors.Gateway | SandboxDoors.Egress,
            Terminal = new SandboxTerminal(24, 80),
        };

        Assert.Equal(
            """
            name run-1
            exec /usr/bin/agent --say "it's \"so\"\n"
            directory /workspace
            environment HOME=/home/agent
            environment TOKEN=secret
            workspace /srv/base /srv/runs/one changes
            mount /opt/tool /mnt/tool read-only
            mount /srv/cache /home/agent/.cache writable
            file /home/agent/.config 600 "\x00\xff\n"
            limit memory 4294967296
            limit processes 1024
            limit millicores 1500
            limit disk 4294967296
            limit inodes 1000000
            limit temporary 1073741824
            limit open-files 16384
            limit disk-rate 0
            door gateway
            door egress
            terminal 24 80
            """,
            Show(spec));
    }

    [Fact]
    public void Keeps_changes_in_memory_when_it_names_no_folder_for_them()
    {
        var spec = new SandboxSpec { Command = ["true"], Workspace = new WorkspaceMount("/srv/base", null) };

        Assert.Contains("workspace /srv/base\n", Show(spec) + "\n", StringComparison.Ordinal);
    }

    [Fact]
    public void Tells_every_fault_at_once()
    {
        var spec = new SandboxSpec
        {
            Command = [""],
            Environment = new Dictionary<string, string> { ["A=B"] = "" },
            WorkingDirectory = "relative",
            Workspace = new WorkspaceMount("/nowhere", "/nowhere/else"),
            Mounts = [new Mount("/nowhere", "/mnt/x"), new Mount("/", "/mnt/host"), new Mount("/usr/share", "/usr/share")],
            Files = [new SandboxFile("/proc/x", Array.Empty<byte>()), new SandboxFile("/home/agent/x", Array.Empty<byte>(), Mode: 0x9ED)],
            Limits = new SandboxLimits { MemoryBytes = 1, Processes = 0, WallTime = TimeSpan.Zero },
        };

        var failures = SandboxSpecCheck.Check(spec, "/srv/ringfence").Failures;

        Assert.Equal(12, failures.Count);
        Assert.All(failures, f => Assert.Equal("sandbox_spec", f.Code));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/home")]
    [InlineData("/root")]
    [InlineData("/etc")]
    [InlineData("/proc/1")]
    [InlineData("/sys")]
    [InlineData("/dev")]
    [InlineData("/run")]
    [InlineData("/var/lib")]
    [InlineData("/etc/ssl/../../")]
    [InlineData("/usr/..")]
    public void Refuses_a_mount_that_would_expose_the_host(string source)
    {
        var failure = Assert.Single(Check(source).Failures);

        Assert.Contains("would expose", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_link_to_what_it_would_refuse_itself()
    {
        using var folder = new TrialFolder();
        var link = Path.Combine(folder.Path, "innocent");
        File.CreateSymbolicLink(link, "/etc");

        Assert.Contains("would expose the host", Assert.Single(Check(link).Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_mount_that_holds_a_socket_or_our_own_files()
    {
        using var folder = new TrialFolder();
        var shared = folder.Below("shared");
        using var listener = ListenAt(Path.Combine(shared, "daemon.sock"));

        Assert.Contains("a socket of the host", Assert.Single(Check(shared).Failures).Message, StringComparison.Ordinal);
        Assert.Contains("a socket of the host", Assert.Single(Check(Path.Combine(shared, "daemon.sock")).Failures).Message, StringComparison.Ordinal);
        Assert.Contains(
            "Ringfence's own files",
            Assert.Single(SandboxSpecCheck.Check(With(folder.Path), folder.Below("scratch")).Failures).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_socket_under_another_name_than_it_was_bound_to()
    {
        using var folder = new TrialFolder();
        var (bound, moved) = (Path.Combine(folder.Path, "bound.sock"), Path.Combine(folder.Below("shared"), "moved.sock"));
        using var listener = ListenAt(bound);
        File.Move(bound, moved);

        Assert.Contains($"a socket of the host ({moved})", Assert.Single(Check(moved).Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shows_mounts_as_they_are_asked_for()
    {
        using var folder = new TrialFolder();
        var (readable, writable) = (folder.Below("readable"), folder.Below("writable"));
        await File.WriteAllTextAsync(Path.Combine(readable, "file"), "shown", TestContext.Current.CancellationToken);
        var spec = Trial.Shell("cat /mnt/r/file; echo x > /mnt/r/new; echo written > /home/agent/w/new; cat /etc/trust; stat -c %a /home/agent/.tool/config") with
        {
            Mounts = [new Mount(readable, "/mnt/r"), new Mount(writable, "/home/agent/w", Writable: true)],
            Files =
            [
                new SandboxFile("/etc/trust", "trusted "u8.ToArray()),
                new SandboxFile("/home/agent/.tool/config", "x"u8.ToArray(), Mode: 0x180),
                new SandboxFile("/etc/ssl/certs/ca-certificates.crt", "ours"u8.ToArray()),
            ],
        };

        var trial = await Trial.RunAsync(spec);

        Assert.Equal("showntrusted 600\n", trial.Output);
        Assert.Contains("Read-only file system", trial.Error, StringComparison.Ordinal);
        Assert.Equal("written\n", await File.ReadAllTextAsync(Path.Combine(writable, "new"), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Path.Combine(readable, "new")));
    }

    [Fact]
    public async Task Gives_a_terminal_when_it_asks_for_one()
    {
        var trial = await Trial.RunTerminalAsync(Trial.Shell("test -t 0 && test -t 1 && test -t 2 && stty size && tty") with { Terminal = new SandboxTerminal(30, 100) });

        Assert.Equal("30 100\r\n/dev/pts/0\r\n", trial.Output);
    }

    [Fact]
    public async Task Lets_the_terminal_change_its_size()
    {
        using var folder = new TrialFolder();
        // The shell looks for signals between its reads: one that comes just before a read is told at its end.
        var spec = Trial.Shell("trap 'stty size; exit 0' WINCH; echo ready; while :; do read -t 1 x; done") with { Terminal = new SandboxTerminal(30, 100) };
        var started = await Trial.Launcher(folder).StartAsync(spec, "terminal", new FactRecorder(), TestContext.Current.CancellationToken);
        await using var sandbox = started.Value;
        await sandbox.StandardOutput.ReadExactlyAsync(new byte[7], TestContext.Current.CancellationToken);

        sandbox.ResizeTerminal(new SandboxTerminal(50, 132));

        Assert.Equal("50 132\r\n", await Trial.ReadAsync(sandbox.StandardOutput));
    }

    private static string Show(SandboxSpec spec) =>
        string.Join('\n', SandboxArguments.For(spec, "run-1").Select(line => string.Join(' ', line.Select(word => Printable.Escape(word.Span)))));

    private static SandboxSpec With(string source) => new() { Command = ["true"], Mounts = [new Mount(source, "/mnt/x")] };

    private static Result<SandboxSpec> Check(string source) => SandboxSpecCheck.Check(With(source), "/srv/ringfence");

    private static Socket ListenAt(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(1);
        return socket;
    }
}
