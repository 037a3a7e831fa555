using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>However a run ends, its change set and record are there afterwards and no process is left.</summary>
public sealed class A_run_that_is_ended
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = Patience)]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task By_a_signal_keeps_what_the_agent_did(string signal)
    {
        var marker = Scripts.Marker();
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(marker));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var run = ringfence.Start("run", "-p", "Hang", "--model", "simulated-model");
        await run.SeesAsync("Bash      cat greeting.txt", Cancel);

        run.Signal(signal);
        var end = await run.EndsAsync(Cancel);

        Assert.True(end.ExitCode == 130, end.ToString());
        await WasKeptAsync(ringfence, "cancelled", marker);
    }

    [Fact(Timeout = Patience)]
    public async Task From_another_terminal_keeps_what_the_agent_did()
    {
        var marker = Scripts.Marker();
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(marker));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var run = ringfence.Start("run", "-p", "Hang", "--model", "simulated-model");
        await run.SeesAsync("Bash      cat greeting.txt", Cancel);

        var cancel = await ringfence.CliAsync("cancel", (string)(await ringfence.OnlyRunAsync())["id"]!);
        var end = await run.EndsAsync(Cancel);

        Assert.True(cancel.ExitCode == 0, cancel.ToString());
        Assert.True(end.ExitCode == 130, end.ToString());
        await WasKeptAsync(ringfence, "cancelled", marker);
    }

    [Fact(Timeout = Patience)]
    public async Task By_kill_9_is_marked_and_salvaged_by_the_next_start()
    {
        var marker = Scripts.Marker();
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.WritesAndHangs(marker));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var run = ringfence.Start("run", "-p", "Hang", "--model", "simulated-model");
        await run.SeesAsync("Bash      cat greeting.txt", Cancel);

        run.Signal("KILL");
        await run.EndsAsync(Cancel);
        var view = await ringfence.OnlyRunAsync();

        Assert.Equal("interrupted", (string?)view["reason"]);
        await RunningRingfence.NoneStaysAsync($"sleep {marker}");
        await WasKeptAsync(ringfence, "failed", marker);
    }

    [Fact(Timeout = Patience)]
    public async Task By_kill_9_has_the_end_of_a_connection_that_was_open_on_its_record()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A name of its own for an address of this machine needs root.");
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        var marker = Scripts.Marker();
        await using var ringfence = await RunningRingfence.StartAsync(
            $$"""
            turns:
              - calls: [{ tool: Bash, input: { command: "exec 3<>/dev/tcp/open.test/{{port}}; printf 'GET /here HTTP/1.1\\r\\nHost: open.test:{{port}}\\r\\n\\r\\n' >&3; sleep {{marker}}" } }]
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var run = Cli.Start(
            "unshare",
            [
                "--mount", "--propagation", "private", "bash", "-euc", "echo 127.0.0.1 open.test > hosts; mount --bind hosts /etc/hosts; exec \"$@\"", "bash",
                "dotnet", Checkout.Ringfence, "run", "-p", "Connect", "--model", "simulated-model", "--allow", $"open.test:{port}@127.0.0.0/8",
            ],
            ringfence.Repository, ringfence.Environment);
        using var connection = await server.AcceptTcpClientAsync(Cancel);
        using var reader = new StreamReader(connection.GetStream());
        Assert.Equal("GET /here HTTP/1.1", await reader.ReadLineAsync(Cancel));

        run.Signal("KILL");
        await run.EndsAsync(Cancel);

        // Whoever looks next puts it on record, before anything else of that run.
        var id = (string)(await ringfence.OnlyRunAsync())["id"]!;
        var events = (await ringfence.CliAsync("audit", "export")).Lines.Select(line => JsonNode.Parse(line)!["event"]!).ToList();
        var opened = Assert.Single(events, line => (string?)line["type"] == "net.opened");
        var lost = Assert.Single(events, line => (string?)line["type"] == "net.connection");
        Assert.Equal("open.test", (string?)opened["data"]!["host"]);
        Assert.Equal(("open.test", true, "end_not_seen"), ((string?)lost["data"]!["host"], (bool)lost["data"]!["allowed"]!, (string?)lost["data"]!["reason"]));
        Assert.Equal((long)opened["seq"]!, (long)Assert.Single(lost["causes"]!.AsArray())!);
        await RunningRingfence.NoneStaysAsync($"sleep {marker}");
        Assert.Equal(0, (await ringfence.CliAsync("audit", "verify", id)).ExitCode);
    }

    private static async Task WasKeptAsync(RunningRingfence ringfence, string status, string marker)
    {
        var view = await ringfence.OnlyRunAsync();
        Assert.Equal(status, (string?)view["status"]);
        Assert.Empty(RunningRingfence.ProcessesWith($"sleep {marker}"));

        var diff = await ringfence.CliAsync("diff", (string)view["id"]!);
        Assert.Contains("+++ b/greeting.txt", diff.Output, StringComparison.Ordinal);

        var verified = await ringfence.CliAsync("audit", "verify", (string)view["id"]!);
        Assert.True(verified.ExitCode == 0, verified.ToString());
        Assert.Empty(await ringfence.GitAsync("status", "--porcelain"));
    }
}
