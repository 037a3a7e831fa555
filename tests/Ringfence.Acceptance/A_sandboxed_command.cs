using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary><c>ringfence sandbox -- COMMAND</c> stands where the command stood: in pipes, on a terminal, under a shell that reads its exit code.</summary>
public sealed class A_sandboxed_command
{
    // Opens a terminal, starts a command on it, makes it smaller when the command says so, and prints what it shows. `sys.argv[1:]` is the command.
    private const string OnTerminal = """
        import fcntl, os, pty, select, struct, sys, termios
        process, terminal = pty.fork()
        size = lambda terminal, rows, columns: fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        if process == 0:
            size(0, 40, 120)
            os.execvp(sys.argv[1], sys.argv[1:])
        shown, resized = b'', False
        while True:
            try: piece = os.read(terminal, 4096)
            except OSError: break
            if not piece: break
            shown += piece
            if b'now-resize' in shown and not resized:
                resized = True
                size(terminal, 17, 71)
        sys.stdout.write(shown.decode())
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
        """;

    [Theory(Timeout = Patience)]
    [InlineData(7, "sh", "-c", "exit 7")]
    [InlineData(143, "sh", "-c", "kill -TERM $$")]
    [InlineData(127, "no-such-program")]
    [InlineData(126, "/etc/passwd")]
    public async Task Passes_its_exit_code_through(int code, params string[] command)
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ringfence.CliAsync(["sandbox", "--", .. command]);

        Assert.True(run.ExitCode == code, run.ToString());
    }

    [Fact(Timeout = Patience)]
    public async Task Takes_its_place_in_a_pipe()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        // Who reads may have enough, and who writes may write much.
        var run = await ShellAsync(ringfence, "head -c 3M /dev/urandom > given; ringfence sandbox -- cat < given | cmp - given && ringfence sandbox -- yes | head -n 1; echo ${PIPESTATUS[0]}");

        Assert.True(run.Output == "y\n141\n", run.ToString());

        // Two pipes have no order between them; in the file that both streams share neither writes over the other.
        var both = await ShellAsync(ringfence, "ringfence sandbox -- sh -c 'for i in $(seq 200); do echo $i; echo $i >&2; done' > both 2>&1; sort -n both | uniq -c | sort -u -k1,1; wc -l < both");
        Assert.True(both.Lines is [var twice, "400"] && twice.TrimStart().StartsWith("2 ", StringComparison.Ordinal), both.ToString());
    }

    [Fact(Timeout = Patience)]
    public async Task Has_a_terminal_of_the_size_of_ours_also_when_that_changes()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ShellAsync(
            ringfence, $"""python3 -c "$0" dotnet {Checkout.Ringfence} sandbox -- bash -c 'stty size; trap "stty size; exit 5" WINCH; echo now-resize; while :; do sleep 0.1; done'""", OnTerminal);

        Assert.True(run.ExitCode == 5, run.ToString());
        Assert.Equal(["40 120", "now-resize", "17 71"], run.Output.Replace("\r", "", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact(Timeout = Patience)]
    public async Task Keeps_its_changes_apart_until_they_are_to_reach_the_folder()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("old", "old\n"));
        var folder = ringfence.Repository;

        var kept = await ringfence.CliAsync("sandbox", "--repo", folder, "--record", Path.Combine(folder, "..", "events.jsonl"), "--json", "--", "sh", "-c", "rm old; echo new > new; echo printed");
        Assert.True(kept.ExitCode == 0, kept.ToString());
        Assert.True(File.Exists(Path.Combine(folder, "old")) && !File.Exists(Path.Combine(folder, "new")));
        var summary = JsonNode.Parse(kept.Output)!;
        Assert.Equal(["new file", "old deleted"], summary["changes"]!.AsArray().Select(c => $"{c!["path"]} {c["kind"]}").Order(StringComparer.Ordinal));
        Assert.Equal("printed\n", kept.Error);
        var types = File.ReadLines(Path.Combine(folder, "..", "events.jsonl")).Select(l => (string?)JsonNode.Parse(l)!["type"]).ToList();
        Assert.Equal(2, types.Count(t => t == "command.started"));
        Assert.Equal(["sandbox.ended", "file.changed", "file.changed"], types[^3..]);
        Assert.Equal(
            ["added new  3e757656cf36eca53338e520d134963a44f793f8", "deleted old 3367afdbbf91e638efe983616377c60477cc6612 "],
            File.ReadLines(Path.Combine(folder, "..", "events.jsonl")).Select(line => JsonNode.Parse(line)!).Where(line => (string?)line["type"] == "file.changed")
                .Select(line => $"{line["data"]!["operation"]} {line["data"]!["path"]} {line["data"]!["before_oid"]} {line["data"]!["after_oid"]}").Order(StringComparer.Ordinal));

        var written = await ringfence.CliAsync("sandbox", "--repo", folder, "--write-through", "--", "sh", "-c", "rm old; echo new > new");
        Assert.True(written.ExitCode == 0, written.ToString());
        Assert.Equal(["new"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Theory(Timeout = Patience)]
    [InlineData("record_unwritable", "--record ../nowhere/events.jsonl -- touch here")]
    [InlineData("record_exists", "--record . -- touch here")]
    [InlineData("record_exists", "--record pipe -- touch here")]
    [InlineData("bad_arguments", "-- touch here $'caf\\xe9'")]
    public async Task Does_not_begin_with_a_record_or_an_argument_that_cannot_be(string code, string arguments)
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ShellAsync(ringfence, $"mkfifo pipe; ringfence sandbox --repo . --write-through {arguments}; code=$?; [ ! -e here ] || echo ran; exit $code");

        Assert.True(run.ExitCode == 2 && run.Output == "", run.ToString());
        Assert.Contains($"[{code}]", run.Error, StringComparison.Ordinal);
        Assert.Contains("hint", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Says_that_what_it_prints_cannot_be_written()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ShellAsync(ringfence, "ringfence sandbox -- echo lost > /dev/full");

        Assert.True(run.ExitCode == 125, run.ToString());
        Assert.Contains("[output_unwritable]", run.Error, StringComparison.Ordinal);
    }

    [Theory(Timeout = Patience)]
    [InlineData("echo new > new; while :; do /bin/true; done")]
    [InlineData("for i in $(seq 100); do echo new > new$i; done")]
    public async Task Brings_nothing_into_the_folder_and_keeps_it_when_its_record_is_full(string script)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A disk that is full as soon as it is to be needs root.");
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ShellAsync(
            ringfence, """unshare --mount --propagation private bash -c "$0" """,
            $$"""
            mkdir -p ../small work; mount -t tmpfs -o size=24k tmpfs ../small
            dotnet {{Checkout.Ringfence}} sandbox --repo work --write-through --record ../small/events.jsonl -- bash -c '{{script}}'
            code=$?; ls work; exit $code
            """);

        Assert.True(run.ExitCode == 125 && run.Output == "", run.ToString());
        Assert.Contains("[record_unavailable]", run.Error, StringComparison.Ordinal);
        var kept = System.Text.RegularExpressions.Regex.Match(run.Error, @"changes \d+ kept in (\S+)").Groups[1].Value;
        Assert.NotEmpty(Directory.GetFiles(kept, "new*"));
    }

    [Theory(Timeout = Patience)]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public async Task Ends_with_the_one_who_asked_for_it_to_end_and_as_the_command_would_have(string signal, int code)
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await using var cli = ringfence.Start("sandbox", "--", "sh", "-c", "trap '' TERM INT HUP; echo up; sleep 86400");
        await cli.SeesAsync("up", TestContext.Current.CancellationToken);

        cli.Signal(signal);

        Assert.Equal(code, (await cli.EndsAsync(TestContext.Current.CancellationToken)).ExitCode);
    }

    [Fact(Timeout = Patience)]
    public async Task Learns_which_hosts_it_needs_and_then_needs_no_others()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A network with a public address of its own needs root.");
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var run = await ShellAsync(ringfence, """unshare --net --mount --propagation private bash -euc "$0" """, $$"""
            ringfence() { nsenter --net=/proc/$inner/ns/net dotnet {{Checkout.Ringfence}} "$@"; }
            mkfifo apart up; unshare --net sh -c ': > apart; exec sleep 1000' & inner=$!; trap 'kill $inner $server' EXIT; cat apart
            ip link add outer type veth peer name inner netns $inner; ip addr add 93.184.216.34/24 dev outer; ip addr add 10.1.2.3/24 dev outer; ip link set outer up
            nsenter --net=/proc/$inner/ns/net sh -c 'ip addr add 93.184.216.1/24 dev inner; ip link set inner up; ip link set lo up; ip route add 10.1.2.0/24 dev inner'
            printf '93.184.216.34 wanted.test\n10.1.2.3 private.test\n' > hosts; mount --bind hosts /etc/hosts
            python3 -u -c '
            import http.server, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200); self.end_headers(); self.wfile.write(b"reached\n")
                def log_message(self, *a): pass
            server = http.server.ThreadingHTTPServer(("0.0.0.0", 80), Handler)
            open("up", "w").close()
            server.serve_forever()' & server=$!; cat up
            ask='curl -fsS --max-time 100 http://wanted.test/; curl -fsS --max-time 100 http://private.test/ 2>/dev/null || echo refused'
            ringfence sandbox --network learn --record learnt.jsonl -- sh -c "$ask"
            ringfence sandbox --network learn --json -- sh -c "$ask" 2> /dev/null | grep -o '"learned":.*\]'
            ringfence sandbox --allow wanted.test -- sh -c "$ask"
            ringfence sandbox -- sh -c "$ask" || true
            """);

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(["reached", "refused", "\"learned\":[\"wanted.test\"]", "reached", "refused", "refused"], run.Lines.Where(line => !line.StartsWith("ringfence", StringComparison.Ordinal)));
        Assert.Single(run.Error.Split('\n'), line => line == "ringfence: used --allow wanted.test");
    }

    private static async Task<CliResult> ShellAsync(RunningRingfence ringfence, string script, string argument = "")
    {
        await using var shell = Cli.Start(
            "/bin/bash", ["-c", $"ringfence() {{ dotnet {Checkout.Ringfence} \"$@\"; }}\n{script}", argument], ringfence.Repository, ringfence.Environment);
        return await shell.EndsAsync(TestContext.Current.CancellationToken);
    }
}
