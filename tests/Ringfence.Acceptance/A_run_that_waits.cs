using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>A run asks, ends nothing, holds nothing; somebody else answers about exactly what they saw, and the run goes on from there.</summary>
public sealed class A_run_that_waits
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task For_its_diff_is_published_by_the_next_process_after_the_first_was_killed()
    {
        await using var waiting = await Asked.StartAsync(Scripts.Writes("hello"), "approve: [diff]\ndone: grep -q hello greeting.txt", "waits for somebody else");
        var (ringfence, key, terminal, run) = waiting;

        // Nothing of the run is alive while it waits, and nothing has left.
        Assert.DoesNotContain(RunningRingfence.ProcessesWith(ringfence.Home), line => line.Contains("rf-sandbox", StringComparison.Ordinal));
        Assert.Equal("* main\n", await ringfence.GitAsync("branch"));
        terminal.Signal("KILL");
        await terminal.EndsAsync(Cancel);

        var asked = await ShowAsync(ringfence, run);
        var digest = (string)asked["digest"]!;
        var shown = await ringfence.CliAsync("approve", run);
        Assert.Contains("+hello", shown.Output, StringComparison.Ordinal);
        Assert.Contains(digest, shown.Output, StringComparison.Ordinal);

        // The one who asked, and a yes to something else.
        Assert.Contains("self_approval", (await ringfence.CliAsync("approve", run, "--yes", digest)).Error, StringComparison.Ordinal);
        ringfence.Environment["RINGFENCE_API_KEY"] = key;
        Assert.Contains("digest_differs", (await ringfence.CliAsync("approve", run, "--yes", new string('a', 64))).Error, StringComparison.Ordinal);
        Assert.Equal("* main\n", await ringfence.GitAsync("branch"));

        var approved = await ringfence.CliAsync("approve", run, "--yes", digest, "--comment", "fine");
        Assert.True(approved.ExitCode == 0, approved.ToString());

        await using var server = await RunningServer.StartAsync(ringfence, key);
        var ended = await server.EndedAsync(run);

        Assert.Equal("completed", (string?)ended["status"]);
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"ringfence/{run}:greeting.txt"));
        await ringfence.ScriptWasPlayedAsync();
        Assert.True((await ringfence.CliAsync("audit", "verify", run)).ExitCode == 0);
        Assert.Contains("key:admin", (await ringfence.CliAsync("audit", "approvals", "--digest", digest)).Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task For_its_plan_changes_nothing_before_and_follows_it_after()
    {
        await using var waiting = await Asked.StartAsync(
            """
            conversations:
              - name: doing
                when: { prompt: "This plan was approved" }
                turns:
                  - calls: [{ tool: Write, input: { file_path: /workspace/greeting.txt, content: "hello\n" } }]
                  - text: I wrote it.
              - name: planning
                turns:
                  - calls: [{ tool: Write, input: { file_path: /workspace/too-early.txt, content: "no\n" } }]
                  - text: I will write greeting.txt and check it with grep.
            """, "approve: [plan]", "waits for somebody else");
        var (ringfence, key, terminal, run) = waiting;

        Assert.Contains("I will write greeting.txt", (await ringfence.CliAsync("approve", run)).Output, StringComparison.Ordinal);
        await ApproveAsync(ringfence, run, key);
        var end = await terminal.EndsAsync(Cancel);

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Equal("greeting.txt\n", await ringfence.GitAsync("diff", "--name-only", "main", $"ringfence/{run}"));
    }

    [Fact(Timeout = Patience)]
    public async Task For_money_goes_on_with_more_and_for_hosts_with_those()
    {
        await using var waiting = await Asked.StartAsync(
            """
            conversations:
              - name: run
                position: history
                turns:
                  - calls: [{ tool: Bash, input: { command: "curl -s http://granted.invalid/; echo hello > greeting.txt" } }]
                    usage: { input: 20000, output: 4000 }
                  - text: Written, but I could not reach the host.
                  - calls: [{ tool: Bash, input: { command: "curl -s http://granted.invalid/; true" } }]
                  - text: Done.
            """, "limits: { cost: $0.20 }\napprove: [network, { kind: budget, raise: $2 }]", "to see its budget");
        var (ringfence, key, terminal, run) = waiting;

        Assert.Equal(2_000_000_000, (long?)JsonNode.Parse((string)(await ShowAsync(ringfence, run))["shown"]!)!["raise_nano"]);
        await ApproveAsync(ringfence, run, key);
        await terminal.SeesAsync("to see its network", Cancel);
        var hosts = JsonNode.Parse((string)(await ShowAsync(ringfence, run))["shown"]!)!["hosts"]!;
        Assert.Equal("""["granted.invalid"]""", hosts.ToJsonString());
        await ApproveAsync(ringfence, run, key);
        var end = await terminal.EndsAsync(Cancel);

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"ringfence/{run}:greeting.txt"));
        var connections = (await ringfence.CliAsync("logs", run, "--json")).Lines.Select(line => JsonNode.Parse(line)!).Where(e => (string?)e["type"] == "net.connection").ToList();
        Assert.Equal("not_in_allow_list", (string?)connections[0]["data"]!["reason"]);
        Assert.Equal("granted.invalid", (string?)connections[^1]["data"]!["rule"]);
        Assert.True((await ringfence.CliAsync("audit", "verify", run)).ExitCode == 0);
    }

    [Fact(Timeout = Patience)]
    public async Task Ends_with_the_reason_of_whoever_said_no()
    {
        await using var waiting = await Asked.StartAsync(Scripts.Writes("hello"), "approve: [diff]", "waits for somebody else");
        var (ringfence, key, terminal, run) = waiting;
        var digest = (string)(await ShowAsync(ringfence, run))["digest"]!;

        ringfence.Environment["RINGFENCE_API_KEY"] = key;
        var rejected = await ringfence.CliAsync("reject", run, "--digest", digest, "--reason", "Not this way");
        var end = await terminal.EndsAsync(Cancel);

        Assert.True(rejected.ExitCode == 0, rejected.ToString());
        Assert.Equal(7, end.ExitCode);
        Assert.Contains("Not this way", end.Output, StringComparison.Ordinal);
        Assert.Contains("+hello", (await ringfence.CliAsync("diff", run)).Output, StringComparison.Ordinal);
        Assert.Equal("* main\n", await ringfence.GitAsync("branch"));
    }

    private static async Task<JsonNode> ShowAsync(RunningRingfence ringfence, string run) => JsonNode.Parse((await ringfence.CliAsync("approve", run, "--json")).Output)!;

    private static async Task ApproveAsync(RunningRingfence ringfence, string run, string key)
    {
        var digest = (string)(await ShowAsync(ringfence, run))["digest"]!;
        ringfence.Environment["RINGFENCE_API_KEY"] = key;
        var approved = await ringfence.CliAsync("approve", run, "--yes", digest);
        ringfence.Environment.Remove("RINGFENCE_API_KEY");
        Assert.True(approved.ExitCode == 0, approved.ToString());
    }

    /// <summary>A run that was started at a terminal and waits, and the key of somebody else: the first admin of a server that has run here before.</summary>
    private sealed record Asked(RunningRingfence Ringfence, string Key, Cli Terminal, string Run) : IAsyncDisposable
    {
        /// <param name="head">Of the workflow that is started.</param>
        /// <param name="said">What the terminal says when it waits.</param>
        public static async Task<Asked> StartAsync(string script, string head, string said)
        {
            var ringfence = await RunningRingfence.StartAsync(script);
            await ringfence.CommitAsync(("README.md", "# A project\n"), (".ringfence/workflows/w.md", $"---\n{head}\n---\nWrite a greeting.\n"));
            string key;

            await using (var server = await RunningServer.StartAsync(ringfence))
            {
                key = server.Key;
            }

            var terminal = ringfence.Start("run", "--workflow", "w", "--model", "simulated-model");
            await terminal.SeesAsync(said, Cancel);
            return new Asked(ringfence, key, terminal, (string)(await ringfence.OnlyRunAsync())["id"]!);
        }

        public async ValueTask DisposeAsync()
        {
            await Terminal.DisposeAsync();
            await Ringfence.DisposeAsync();
        }
    }
}
