using Ringfence.Audit;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class A_limit
{
    [Fact]
    public async Task R01_stops_a_fork_bomb_at_the_number_of_processes()
    {
        var spec = Attack.Python("""
            import time
            made = 0
            try:
                while made < 1000:
                    if os.fork() == 0: time.sleep(1000)
                    made += 1
            except BlockingIOError: pass
            print(made)
            """);

        var made = int.Parse(Assert.Single(await Attack.RunAsync(spec with { Limits = new SandboxLimits { Processes = 50 } })), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(made, 40, 50);
    }

    [Fact]
    public async Task R02_ends_a_command_that_wants_more_memory()
    {
        var spec = Attack.Python("x = []\nwhile True: x.append(bytearray(1 << 20))") with { Limits = new SandboxLimits { MemoryBytes = 128L << 20 } };

        var reached = Assert.IsType<SandboxExit.LimitReached>((await Trial.RunAsync(spec)).Exit);
        Assert.Equal("memory", reached.Limit);
        Assert.InRange(reached.Usage.PeakMemoryBytes, 100L << 20, 200L << 20);
    }

    [Fact]
    public async Task R03_fills_temporary_folders_no_further()
    {
        var spec = Trial.Shell("head -c 100M /dev/zero > /tmp/big 2>/dev/null; stat -c %s /tmp/big; head -c 1M /dev/zero > ~/more 2>/dev/null || echo full") with
        {
            Limits = new SandboxLimits { TemporaryBytes = 16L << 20 },
        };

        Assert.Equal([$"{16 << 20}", "full"], await Attack.RunAsync(spec));
    }

    [Fact]
    public async Task Holds_the_disk_to_its_rate()
    {
        using var folder = new TrialFolder();
        var spec = Trial.Shell("date +%s%N; dd if=/dev/zero of=/workspace/file bs=256K count=8 oflag=direct status=none && date +%s%N") with
        {
            Workspace = new WorkspaceMount(folder.Below("lower"), folder.Below("upper")),
            Limits = new SandboxLimits { DiskBytesPerSecond = 1 << 20 },
        };

        if ((await Trial.Launcher(folder).StartAsync(spec, "trial", new FactRecorder(), TestContext.Current.CancellationToken)).Succeeded(out var can, out var why))
        {
            await can.DisposeAsync();
        }

        Assert.SkipWhen(why.Count > 0, $"This machine limits no disk: {(why.Count > 0 ? why[0].Message : "")}");
        var trial = await Trial.RunAsync(spec);
        long[] times = [.. trial.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, System.Globalization.CultureInfo.InvariantCulture))];

        // No machine is so slow that it would be seen here: the kernel lets a second's worth through, and the other second has to be waited for.
        Assert.True(times[1] - times[0] > 900_000_000, trial.Output);
    }

    [Fact]
    public async Task R04_holds_changes_in_memory_to_their_bytes_and_files()
    {
        using var folder = new TrialFolder();
        var spec = Trial.Shell("cd /workspace; head -c 100M /dev/zero > big 2>/dev/null; stat -c %s big; rm big; for i in $(seq 300); do : > f$i || break; done 2>/dev/null; ls | wc -l") with
        {
            Workspace = new WorkspaceMount(folder.Below("lower"), null),
            Limits = new SandboxLimits { DiskBytes = 8L << 20, DiskInodes = 200 },
        };
        var lines = await Attack.RunAsync(spec);

        Assert.InRange(int.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture), 1, 8 << 20);
        Assert.InRange(int.Parse(lines[1], System.Globalization.CultureInfo.InvariantCulture), 100, 200);
    }

    [Theory]
    [InlineData("head -c 100M /dev/zero > big", "a large file")]
    [InlineData("truncate -s 1T sparse", "a sparse file of a terabyte")]
    public async Task W15_refuses_files_larger_than_the_disk_limit(string command, string what)
    {
        using var folder = new TrialFolder();
        var spec = Trial.Shell($"cd /workspace; {command} 2>/dev/null; echo {what}: $?") with
        {
            Workspace = new WorkspaceMount(folder.Below("lower"), folder.Below("upper")),
            Limits = new SandboxLimits { DiskBytes = 8L << 20 },
        };

        // 153: by a signal, for a file that outgrew it; 1: by an error.
        Assert.Matches($"{what}: (153|1)\n", (await Trial.RunAsync(spec)).Output);
    }

    [Theory]
    [InlineData("for i in $(seq 50); do head -c 1M /dev/zero > f$i; done; sleep 1000")]
    [InlineData("for i in $(seq 500); do : > f$i; done; sleep 1000")]
    [InlineData("mkdir hidden; for i in $(seq 50); do head -c 1M /dev/zero > hidden/f$i; done; chmod 0 hidden; sleep 1000")]
    public async Task W15_ends_a_command_whose_changes_outgrow_the_disk_limit(string command)
    {
        using var folder = new TrialFolder();
        var spec = Trial.Shell($"cd /workspace; {command}") with
        {
            Workspace = new WorkspaceMount(folder.Below("lower"), folder.Below("upper")),
            Limits = new SandboxLimits { DiskBytes = 16L << 20, DiskInodes = 400 },
        };

        Assert.Equal("disk", Assert.IsType<SandboxExit.LimitReached>((await Trial.RunAsync(spec)).Exit).Limit);
    }

    [Fact]
    public async Task W15_counts_what_lies_deeper_than_it_can_look_as_too_much()
    {
        using var folder = new TrialFolder();
        var spec = Attack.Python("""
            import time
            os.chdir('/workspace')
            for level in range(4200):
                os.mkdir('d')
                os.chdir('d')
            for part in range(5):
                open(str(part), 'wb').write(bytes(10 << 20))
            time.sleep(1000)
            """) with
        {
            Workspace = new WorkspaceMount(folder.Below("lower"), folder.Below("upper")),
            Limits = new SandboxLimits { DiskBytes = 32L << 20 },
        };

        Assert.Equal("disk", Assert.IsType<SandboxExit.LimitReached>((await Trial.RunAsync(spec)).Exit).Limit);
    }

    [Fact]
    public async Task R05_counts_open_files()
    {
        var spec = Attack.Python("""
            files = []
            while len(files) < 1000:
                try: files.append(os.dup(0))
                except OSError as e: break
            print(len(files) + 3)
            """) with
        { Limits = new SandboxLimits { OpenFiles = 64 } };

        Assert.Equal(["64"], await Attack.RunAsync(spec));
    }

    [Fact]
    public async Task R07_gives_no_more_processor_time_than_its_share()
    {
        var spec = Trial.Shell("while :; do :; done") with
        {
            Limits = new SandboxLimits { MilliCores = 200, WallTime = TimeSpan.FromSeconds(2) },
        };

        // Not a race with the clock: however late the machine ends it, it never had more than its share of all that time, and a little to begin with.
        var began = TimeProvider.System.GetTimestamp();
        var used = (await Trial.RunAsync(spec)).Exit.Usage.CpuMicroseconds;

        Assert.InRange(used, 1, (long)(0.2 * TimeProvider.System.GetElapsedTime(began).TotalMicroseconds) + 500_000);
    }

    [Fact]
    public async Task R08_ends_a_command_whose_time_is_up()
    {
        var trial = await Trial.RunAsync(Trial.Shell("trap '' TERM INT; sleep 1000") with { Limits = new SandboxLimits { WallTime = TimeSpan.FromSeconds(0.3) } });

        Assert.Equal("wall_time", Assert.IsType<SandboxExit.LimitReached>(trial.Exit).Limit);
        Assert.Equal("limit", Assert.Single(trial.Facts.OfType<SandboxEnded>()).Ending);
    }

    [Fact]
    public async Task R09_ends_a_command_that_falls_silent()
    {
        var trial = await LongEnoughAsync(
            TimeSpan.FromSeconds(0.3), silence => Trial.RunAsync(Trial.Shell("echo alive; while :; do :; done") with { Limits = new SandboxLimits { Silence = silence } }), t => t.Output.Length > 0);

        Assert.Equal("alive\n", trial.Output);
        Assert.Equal("silence", Assert.IsType<SandboxExit.LimitReached>(trial.Exit).Limit);
    }

    [Fact]
    public async Task R10_holds_a_bomb_of_zeros_to_the_room_for_changes()
    {
        using var folder = new TrialFolder();

        // 64 MiB in 64 KiB, unpacked three ways.
        var spec = Trial.Shell(
            """
            head -c 64M /dev/zero | gzip -1 > /tmp/bomb.gz
            gunzip -c /tmp/bomb.gz > /workspace/out 2>/dev/null; echo $?; stat -c %s /workspace/out; rm /workspace/out
            python3 -c 'import gzip, shutil; shutil.copyfileobj(gzip.open("/tmp/bomb.gz"), open("/workspace/out", "wb"))' 2>/dev/null; echo $?
            """) with
        {
            Workspace = new WorkspaceMount(folder.Below("lower"), null),
            Limits = new SandboxLimits { DiskBytes = 16L << 20 },
        };
        var lines = await Attack.RunAsync(spec);

        Assert.NotEqual("0", lines[0]);
        Assert.InRange(int.Parse(lines[1], System.Globalization.CultureInfo.InvariantCulture), 1, 16 << 20);
        Assert.NotEqual("0", lines[2]);
    }

    [Fact]
    public async Task R12_ends_a_command_that_prints_without_end()
    {
        var trial = await Trial.RunAsync(Trial.Shell("yes") with { Limits = new SandboxLimits { OutputBytes = 1 << 20 } });

        Assert.Equal("output", Assert.IsType<SandboxExit.LimitReached>(trial.Exit).Limit);
        Assert.True(trial.Exit.Usage.OutputBytes > 1 << 20);
    }

    [Fact]
    public async Task R14_counts_threads_as_processes()
    {
        var spec = Attack.Python("""
            import threading
            made = 0
            try:
                while made < 1000:
                    threading.Thread(target=threading.Event().wait, daemon=True).start()
                    made += 1
            except RuntimeError: pass
            print(made, flush=True)
            os._exit(0)
            """);

        var made = int.Parse(Assert.Single(await Attack.RunAsync(spec with { Limits = new SandboxLimits { Processes = 50 } })), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(made, 40, 50);
    }

    [Fact]
    public async Task R16_writes_no_core_files()
    {
        Assert.Equal(["0", "139", "0"], await Attack.RunAsync(Trial.Shell("ulimit -Hc; (kill -SEGV $BASHPID) 2>/dev/null; echo $?; ls -A /workspace /tmp | grep -c core; true")));
    }
}
