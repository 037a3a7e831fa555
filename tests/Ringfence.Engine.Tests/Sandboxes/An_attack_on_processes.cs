using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class An_attack_on_processes
{
    [Fact]
    public async Task P01_sees_only_its_own()
    {
        Assert.Equal(["['1', '2']"], await Attack.RunAsync("print(sorted(p for p in os.listdir('/proc') if p.isdigit()))"));
    }

    [Fact]
    public async Task P02_can_kill_only_its_own()
    {
        using var host = System.Diagnostics.Process.Start("sleep", "1000");

        var trial = await Trial.RunAsync("sleep 1000 & trap '' TERM; kill -TERM -1; wait; echo alone");
        var running = !host.HasExited;
        host.Kill();

        Assert.Equal("alone\n", trial.Output);
        Assert.True(running);
    }

    [Fact]
    public async Task P03_cannot_trace_nor_read_pid_1()
    {
        var lines = await Attack.RunAsync("""
            print(call(101, 16, 1, None, None))
            print(call(101, 0x4206, 1, None, None))
            for name in ['mem', 'environ', 'maps', 'exe', 'fd/0', 'cwd']:
                path = '/proc/1/' + name
                print(attempt(lambda: os.readlink(path) if name in ['exe', 'fd/0', 'cwd'] else open(path, 'rb').read()))
            """);

        Assert.Equal(["EPERM", "EPERM"], lines[..2]);
        Assert.All(lines[2..], line => Assert.Contains(line, new[] { "EACCES", "EPERM" }));
    }

    [Fact]
    public async Task P04_gains_nothing_from_a_set_user_program()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can make a program that would become root.");
        using var folder = new TrialFolder();
        var program = Path.Combine(folder.Below("tools"), "id");
        Executable.Copy("/usr/bin/id", program);
        File.SetUnixFileMode(program, UnixFileMode.SetUser | UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var spec = Trial.Shell("stat -c %a /opt/tools/id; /opt/tools/id -u; /opt/tools/id -ru") with { Mounts = [new Mount(folder.Below("tools"), "/opt/tools")] };

        Assert.Equal(["4505", "1000", "1000"], await Attack.RunAsync(spec));
    }

    [Fact]
    public async Task P05_has_no_capability_and_cannot_get_one()
    {
        var trial = await Trial.RunAsync("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status");

        Assert.Equal(
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n"
            + "NoNewPrivs:\t1\nSeccomp:\t2\n",
            trial.Output);
    }

    [Fact]
    public async Task P07_cannot_write_to_another_process_s_memory()
    {
        Assert.Equal(["EPERM", "EPERM"], await Attack.RunAsync("print(call(311, os.getppid(), None, 0, None, 0, 0)); print(call(310, 1, None, 0, None, 0, 0))"));
    }

    [Fact]
    public async Task P10_finds_no_socket_of_the_host()
    {
        var name = $"ringfence-test-{Environment.ProcessId}";
        using var listener = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint("\0" + name));
        listener.Listen(1);

        Assert.Equal(["ECONNREFUSED"], await Attack.RunAsync($"print(attempt(lambda: socket.socket(socket.AF_UNIX).connect(b'\\0{name}')))"));
    }

    [Fact]
    public async Task S02_finds_nothing_of_the_supervisor_in_any_environment()
    {
        const string canary = "canary-5d2f0f19c3";
        Environment.SetEnvironmentVariable("RINGFENCE_TEST_CANARY", canary);

        var lines = await Attack.RunAsync("""
            seen, found = 0, 0
            for process in filter(str.isdigit, os.listdir('/proc')):
                try:
                    held = open(f'/proc/{process}/environ', 'rb').read()
                    seen += 1
                    found += b'canary' in held
                except PermissionError as e: print(process, errno.errorcode[e.errno])
            print(seen, found)
            """);

        // Process 1 shows its environment to nobody; it has none either.
        Assert.Equal(["1 EACCES", "1 0"], lines);
    }

    [Fact]
    public async Task P11_cannot_enter_another_namespace()
    {
        var lines = await Attack.RunAsync("""
            for name in ['mnt', 'pid', 'net', 'user']:
                print(call(308, os.open('/proc/self/ns/' + name, os.O_RDONLY), 0))
            print(attempt(lambda: os.open('/proc/1/ns/mnt', os.O_RDONLY)))
            """);

        Assert.Equal(["EPERM", "EPERM", "EPERM", "EPERM", "EACCES"], lines);
    }

    [Fact]
    public async Task P12_cannot_raise_its_priority()
    {
        var lines = await Attack.RunAsync("""
            print(attempt(lambda: os.nice(-5)))
            print(attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))))
            print(call(251, 1, 0, 1 << 13))
            """);

        Assert.All(lines, line => Assert.Contains(line, new[] { "EPERM", "EACCES" }));
    }

    /// <summary>The kernel protects the first process of a namespace from its own: a stronger wall than ending the run, which the corpus asks for.</summary>
    [Fact]
    public async Task P13_cannot_kill_pid_1()
    {
        var trial = await Trial.RunAsync("for s in TERM INT HUP KILL STOP SEGV; do kill -$s 1; done; echo still here; exit 3");

        Assert.Equal("still here\n", trial.Output);
        Assert.Equal(3, Assert.IsType<SandboxExit.Exited>(trial.Exit).Code);
    }

    [Fact]
    public async Task P14_cannot_push_input_into_a_terminal()
    {
        var spec = Attack.Python("""
            import fcntl, termios
            print('tiocsti', attempt(lambda: fcntl.ioctl(0, termios.TIOCSTI, b'x')))
            print('tioclinux', attempt(lambda: fcntl.ioctl(0, 0x541C, b'\x03')))
            """) with
        { Terminal = new SandboxTerminal(24, 80) };

        Assert.Equal(["tiocsti EPERM\r", "tioclinux EPERM\r"], (await Trial.RunTerminalAsync(spec)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
