using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Audit;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class An_attack_on_the_record
{
    // A thread that shares the memory swaps the path between the moment it is read and the moment it is used.
    private const string SwapPath = """
        #define _GNU_SOURCE
        #include <sched.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        #include <sys/wait.h>
        static volatile char path[32] = "/bin/true";
        static char number[16], stack[65536];
        static int child(void *a) { char *av[] = { "swapped", number, 0 }, *ev[] = { 0 }; execve((char *)path, av, ev); _exit(99); }
        int main(int c, char **v) {
            int spins[] = { 0, 20, 300 };
            for (int i = 0; i < 1500; i++) {
                int status, spin = spins[i % 3];
                sprintf(number, "i%d", i);
                memcpy((char *)path, "/bin/true\0\0", 11);
                pid_t p = clone(child, stack + sizeof stack - 64, CLONE_VM | SIGCHLD, 0);
                do for (int z = 0; z < 60; z++) {
                    memcpy((char *)path, "/bin/false", 11); __asm__ volatile("" ::: "memory"); for (volatile int k = 0; k < spin; k++);
                    memcpy((char *)path, "/bin/true\0", 11); __asm__ volatile("" ::: "memory"); for (volatile int k = 0; k < spin; k++);
                } while (waitpid(p, &status, WNOHANG) != p);
                printf("i%d %d\n", i, WEXITSTATUS(status));
            }
        }
        """;

    private const string SwapArgument = """
        #define _GNU_SOURCE
        #include <sched.h>
        #include <stdio.h>
        #include <string.h>
        #include <unistd.h>
        #include <sys/wait.h>
        static volatile char word[32] = "innocent";
        static char number[16], stack[65536];
        static int child(void *a) { char *av[] = { "told", (char *)word, number, 0 }, *ev[] = { 0 }; execve("/proc/self/exe", av, ev); _exit(99); }
        int main(int c, char **v) {
            if (!strcmp(v[0], "told")) { printf("%d|%s|%s\n", c, v[1], v[2]); return 0; }
            for (int i = 0; i < 500; i++) {
                int status;
                sprintf(number, "i%d", i);
                pid_t p = clone(child, stack + sizeof stack - 64, CLONE_VM | SIGCHLD, 0);
                do for (int z = 0; z < 60; z++) { memcpy((char *)word, "guilty\0\0", 9); __asm__ volatile("" ::: "memory"); memcpy((char *)word, "innocent", 9); __asm__ volatile("" ::: "memory"); }
                while (waitpid(p, &status, WNOHANG) != p);
            }
        }
        """;

    [Fact]
    public async Task A01_cannot_have_another_program_recorded_than_the_one_that_ran()
    {
        var trial = await Trial.RunAsync(Attack.Compiled(SwapPath));

        // 99: the path was read half swapped, so nothing was executed.
        var ran = trial.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' '))
            .Where(p => p[1] != "99").ToDictionary(p => p[0], p => p[1]);
        var recorded = trial.Commands.Where(c => c.Arguments.Count == 2 && c.Arguments[1].StartsWith('i')).ToList();
        var ends = trial.Ends.ToDictionary(e => e.Command);

        Assert.Equal(ran.Keys.Order(StringComparer.Ordinal), recorded.Select(c => c.Arguments[1]).Order(StringComparer.Ordinal));
        Assert.Equal(["0", "1"], ran.Values.Distinct().Order());
        Assert.All(recorded, c => Assert.Equal(ran[c.Arguments[1]] == "0" ? "/usr/bin/true" : "/usr/bin/false", c.Executable));
        Assert.All(recorded, c => Assert.Equal(ran[c.Arguments[1]], ends[c.Command].ExitCode.ToString(CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A02_cannot_have_other_arguments_recorded_than_the_program_got()
    {
        var trial = await Trial.RunAsync(Attack.Compiled(SwapArgument));
        var got = trial.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var recorded = trial.Commands.Where(c => c.Arguments[0] == "told").ToList();

        Assert.Equal(500, got.Length);
        Assert.True(got.Select(g => g.Split('|')[1]).Distinct().Count() > 1, "The race was never won, so nothing was shown.");
        Assert.Equal(got, recorded.Select(c => $"{c.Arguments.Count}|{c.Arguments[1]}|{c.Arguments[2]}"));
    }

    [Fact]
    public async Task A03_cannot_outrun_the_record()
    {
        const string flood = """
            #include <spawn.h>
            #include <sys/wait.h>
            #include <stdio.h>
            int main(void) { for (int i = 0; i < 5000; i += 4) { pid_t p[4]; char n[4][16]; for (int k = 0; k < 4; k++) { sprintf(n[k], "n%d", i + k); char *a[] = { "true", n[k], 0 }; if (posix_spawn(&p[k], "/bin/true", 0, 0, a, 0)) return 1; } for (int k = 0; k < 4; k++) waitpid(p[k], 0, 0); } }
            """;
        var trial = await Trial.RunAsync(Attack.Compiled(flood));
        var flooded = trial.Commands.Where(c => c.Executable == "/usr/bin/true").ToList();

        Assert.Equal(0, Assert.IsType<SandboxExit.Exited>(trial.Exit).Code);
        Assert.Equal(5000, flooded.Select(c => c.Arguments[1]).Distinct().Count());
        Assert.Equal(trial.Commands.Select(c => c.Command), trial.Ends.Select(e => e.Command).Order());
        Assert.All(trial.Ends, e => Assert.True(e.Known || e.ReplacedBy != 0));
    }

    [Fact]
    public async Task R11_waits_while_nobody_takes_the_record_and_loses_none_of_it()
    {
        using var folder = new TrialFolder();
        using var recorder = new PausedRecorder(after: 50);
        var long_argument = new string('x', 3000);
        var spec = Trial.Shell($"i=0; while [ $i -lt 3000 ]; do /bin/true $i {long_argument}; i=$((i+1)); done");
        var started = await Trial.Launcher(folder).StartAsync(spec, "trial", recorder, TestContext.Current.CancellationToken);
        await using var sandbox = started.Value;

        // The monitor waits in its send, the command in its execve: nine megabytes of record fit into neither's buffers.
        await UntilAsync(() => recorder.Facts.Count >= 50 && IsSending(sandbox.MonitorProcess), () => $"{recorder.Facts.Count} facts");
        Assert.False(sandbox.Completion.IsCompleted);
        Assert.InRange(recorder.Facts.Count, 50, 100);
        recorder.Resume();

        Assert.Equal(0, Assert.IsType<SandboxExit.Exited>(await sandbox.Completion).Code);
        Assert.Equal(
            Enumerable.Range(0, 3000).Select(i => $"{i}"), recorder.Facts.OfType<CommandStarted>().Where(c => c.Executable == "/usr/bin/true").Select(c => c.Arguments[1]));
    }

    // sendto, by the kernel's own word.
    private static bool IsSending(int process) => File.ReadAllText($"/proc/{process}/syscall").StartsWith(
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 ? "44 " : "206 ", StringComparison.Ordinal);

    [Fact]
    public async Task A04_cannot_hide_an_execution_in_a_thread()
    {
        const string threads = """
            #include <pthread.h>
            #include <unistd.h>
            static void *run(void *a) { char *v[] = { "from-thread", 0 }; execve("/bin/true", v, 0); return 0; }
            int main(void) { pthread_t t[4]; for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, run, 0); for (;;) pause(); }
            """;
        var trial = await Trial.RunAsync(Attack.Compiled(threads, "for i in $(seq 300); do ./a.out; done"));

        Assert.Equal(300, trial.Commands.Count(c => c.Arguments[0] == "from-thread" && c.Executable == "/usr/bin/true"));
        Assert.Equal(0, Assert.IsType<SandboxExit.Exited>(trial.Exit).Code);
    }

    [Fact]
    public async Task A05_cannot_hide_an_execution_behind_a_descriptor()
    {
        var trial = await Trial.RunAsync(Attack.Python("f = os.open('/bin/true', os.O_RDONLY); v = (ctypes.c_char_p * 2)(b'nameless', None); print(call(322, f, b'', v, None, 0x1000))"));

        Assert.Equal(("/usr/bin/true", "nameless"), (trial.Commands.Last().Executable, trial.Commands.Last().Arguments[0]));
    }

    [Fact]
    public async Task A07_cannot_hide_by_leaving_the_c_library_out()
    {
        const string bare = """
            int main(void);
            void _start(void) { char *v[] = { "/bin/true", "bare", 0 }; long r; __asm__ volatile("syscall" : "=a"(r) : "a"(59), "D"(v[0]), "S"(v), "d"(0) : "rcx", "r11", "memory"); for (;;); }
            """;
        var trial = await Trial.RunAsync(Attack.Compiled(bare, flags: "-static -nostdlib"));

        Assert.Contains("/tmp/a.out", trial.Commands.Select(c => c.Executable));
        Assert.Equal(["/bin/true", "bare"], trial.Commands.Last().Arguments);
    }

    [Fact]
    public async Task A09_cannot_hide_in_a_long_list_of_arguments()
    {
        var trial = await Trial.RunAsync("/bin/true $(seq 1 20000)");
        var command = trial.Commands.Single(c => c.Executable == "/usr/bin/true");
        var whole = "/bin/true\0" + string.Concat(Enumerable.Range(1, 20000).Select(i => $"{i}\0"));

        Assert.True(command.ArgumentsTruncated);
        Assert.Equal(["/bin/true", "1", "2"], command.Arguments.Take(3));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole))), command.ArgumentsDigest);
    }

    [Fact]
    public async Task A09_cannot_keep_the_record_waiting_with_a_program_of_terabytes()
    {
        var spec = Trial.Shell("cp /bin/true huge; truncate -s 4T huge; ./huge; ./huge; /bin/true") with
        {
            WorkingDirectory = "/tmp",
            Limits = new SandboxLimits { DiskBytes = 8L << 40 },
        };
        var trial = await Trial.RunAsync(spec);

        Assert.Equal(0, Assert.IsType<SandboxExit.Exited>(trial.Exit).Code);
        Assert.Equal(["", ""], trial.Commands.Where(c => c.Executable == "/tmp/huge").Select(c => c.ExecutableDigest));
        Assert.Equal(64, trial.Commands.Last().ExecutableDigest.Length);
    }

    [Fact]
    public async Task A10_cannot_draw_on_the_reader_s_terminal()
    {
        var trial = await Trial.RunAsync("/bin/true $'a\\e[31mb\\nc' $'\\xff'; mkdir $'/tmp/x\\ny'; cd $'/tmp/x\\ny'; /bin/true");

        Assert.Equal(["/bin/true", "\"a\\x1b[31mb\\nc\"", "\"\\xff\""], trial.Commands.First(c => c.Executable == "/usr/bin/true").Arguments);
        Assert.Equal("\"/tmp/x\\ny\"", trial.Commands.Last().WorkingDirectory);
    }

    [Fact]
    public async Task A11_is_not_noise_from_searches_that_find_nothing()
    {
        var trial = await Trial.RunAsync(Attack.Python("os.environ['PATH'] = ':'.join(f'/nowhere{i}' for i in range(50)) + ':/usr/bin'; p = os.fork(); os.execvp('true', ['found']) if p == 0 else os.waitpid(p, 0); print(attempt(lambda: os.execvp('no-such', ['x'])))"));

        Assert.Equal("ENOENT\n", trial.Output);
        var python = new FileInfo("/usr/bin/python3");
        Assert.Equal([(python.ResolveLinkTarget(returnFinalTarget: true) ?? python).FullName, "/usr/bin/true"], trial.Commands.Select(c => c.Executable));
    }

    [Fact]
    public async Task A12_records_the_interpreter_and_the_script()
    {
        var trial = await Trial.RunAsync("printf '#!/bin/sh\\nexit 6\\n' > /tmp/script; chmod +x /tmp/script; /tmp/script arg");
        var command = trial.Commands.Last();

        Assert.Equal("/usr/bin/dash", command.Executable);
        Assert.Equal(["/bin/sh", "/tmp/script", "arg"], command.Arguments);
        Assert.Equal(6, trial.Ends.Last().ExitCode);
    }

    [Fact]
    public async Task A13_stops_with_the_one_who_writes_the_record()
    {
        var recorder = new FullRecorder(after: 3);
        using var folder = new TrialFolder();
        var started = await Trial.Launcher(folder).StartAsync(
            Trial.Shell("while :; do /bin/true; done"), "unrecorded", recorder, TestContext.Current.CancellationToken);
        await using var sandbox = started.Value;

        var killed = Assert.IsType<SandboxExit.Killed>(await sandbox.Completion);
        Assert.StartsWith("record unavailable", killed.By, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A14_cannot_trace_what_is_recorded()
    {
        Assert.Equal(["EPERM", "EPERM"], await Attack.RunAsync("print(call(101, 0, 0, 0, 0)); print(call(101, 0x4206, os.getpid(), 0, 0))"));
    }

    [Fact]
    public async Task A16_survives_stops_and_signals_between_announcement_and_execution()
    {
        const string stops = """
            #include <signal.h>
            #include <stdio.h>
            #include <unistd.h>
            #include <sys/wait.h>
            int main(void) { int bad = 0; for (int i = 0; i < 300; i++) { pid_t p = fork(); if (!p) { char *v[] = { "stopped", 0 }; execve("/nowhere", v, 0); execve("/bin/true", v, 0); _exit(99); }
              for (int k = 0; k < 3; k++) { kill(p, SIGSTOP); kill(p, SIGCONT); kill(p, SIGWINCH); } int s; waitpid(p, &s, 0); if (s) bad++; } printf("bad %d\n", bad); }
            """;
        var trial = await Trial.RunAsync(Attack.Compiled(stops));

        Assert.Equal("bad 0\n", trial.Output);
        Assert.Equal(300, trial.Commands.Count(c => c.Arguments[0] == "stopped"));
    }

    [Fact]
    public async Task A17_knows_the_parent_through_shells_that_only_fork()
    {
        var trial = await Trial.RunAsync("( ( ( sh -c '/bin/true; /bin/true' ) ) ); (exec -a other /bin/true)");
        var commands = trial.Commands.ToList();

        Assert.Equal([0L, 1L, 2L, 2L, 1L], commands.Select(c => c.Parent));
    }

    /// <summary>A record that takes some facts and then nothing until it is told to.</summary>
    private sealed class PausedRecorder(int after) : IRecorder, IDisposable
    {
        private readonly FactRecorder inner = new();
        private readonly ManualResetEventSlim open = new();

        public IReadOnlyList<AuditFact> Facts => inner.Facts;

        public void Resume() => open.Set();

        public void Dispose() => open.Dispose();

        public long Append(AuditFact fact)
        {
            var place = inner.Append(fact);

            if (place >= after)
            {
                open.Wait();
            }

            return place;
        }

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public string Keep(ReadOnlySpan<byte> content) => "";
    }

    /// <summary>A record whose disk is full after some facts.</summary>
    private sealed class FullRecorder(int after) : IRecorder
    {
        private int count;

        public long Append(AuditFact fact) => Interlocked.Increment(ref count) <= after ? count : throw new RecordUnavailableException("The disk is full.");

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public string Keep(ReadOnlySpan<byte> content) => "";
    }
}
