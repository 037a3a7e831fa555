using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Whatever a run is doing, it ends as cancelled, and nothing of it goes on.</summary>
public sealed class A_cancellation
{
    private static readonly string Marker = Scripts.Marker();

    [Theory(Timeout = Patience)]
    [InlineData("queued", "")]
    [InlineData("running", "")]
    [InlineData("verifying", ""","done":["sleep MARKER"]""")]
    [InlineData("waiting", ""","approve":[{"kind":"diff"}]""")]
    public async Task Ends_a_run_that_is(string phase, string more)
    {
        await using var ringfence = await RunningRingfence.StartAsync(phase is "queued" or "running" ? Scripts.WritesAndHangs(Marker) : Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence, null, "--max-runs", "1");
        var before = phase == "queued" ? await server.RunAsync(ringfence) : null;
        var run = await server.RunAsync(ringfence, more: more.Replace("MARKER", Marker, StringComparison.Ordinal));

        if (phase == "running")
        {
            await server.SeesAsync(run, "tool.returned");
        }
        else if (phase != "queued")
        {
            await server.SeesPhaseAsync(run, phase);
        }

        await CancelsAsync(server, run);

        if (before is not null)
        {
            await CancelsAsync(server, before);
        }

        Assert.Empty(RunningRingfence.ProcessesWith($"sleep {Marker}"));
        Assert.Equal("* main\n", await ringfence.GitAsync("branch"));
        Assert.True((await ringfence.CliAsync("audit", "verify", run)).ExitCode == 0);
    }

    /// <summary>Nothing listens there: a cause that may pass.</summary>
    [Fact(Timeout = Patience)]
    public async Task Ends_a_run_that_waits_for_its_next_try()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);
        var run = (string)(await server.PostAsync("/v1/runs", """{"repo":"https://127.0.0.1:1/team/app.git","prompt":"Write a greeting"}""")).Json["id"]!;

        await server.SeesPhaseAsync(run, "queued");
        await CancelsAsync(server, run);

        var moves = (await server.GetAsync($"/v1/runs/{run}/logs?limit=250")).Json["data"]!.AsArray().Where(happened => (string?)happened!["type"] == "run.state");
        Assert.Contains("retry: repository_not_reachable", moves.Select(happened => (string?)happened!["data"]!["reason"]));
    }

    /// <summary>A code host that takes the connection and says nothing.</summary>
    [Fact(Timeout = Patience)]
    public async Task Ends_a_run_that_is_fetching_its_repository()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);
        var created = await server.PostAsync("/v1/runs", $$"""{"repo":"https://{{silent.LocalEndpoint}}/team/app.git","prompt":"Write a greeting"}""");
        var run = (string)created.Json["id"]!;
        using var fetching = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);

        await CancelsAsync(server, run);
    }

    /// <summary>Publishing is over in milliseconds, so git is held in it: by a configuration that does not come to an end.</summary>
    [Fact(Timeout = Patience)]
    public async Task Ends_a_run_that_is_publishing_and_nothing_of_it_shows()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);
        var git = Path.Combine(ringfence.Repository, ".git");
        var run = await HeldInAsync("publishing", server, ringfence, _ => git);

        await CancelsAsync(server, run);

        Assert.Empty(RunningRingfence.ProcessesWith($"--git-dir={git}"));
        File.Move(Path.Combine(git, "config.kept"), Path.Combine(git, "config"), overwrite: true);
        Assert.Equal("", await ringfence.GitAsync("for-each-ref", "refs/heads/ringfence", "refs/notes"));
        Assert.Contains("+hello", (await ringfence.CliAsync("diff", run)).Output, StringComparison.Ordinal);
        Assert.True((await ringfence.CliAsync("audit", "verify", run)).ExitCode == 0);
    }

    /// <summary>The gates read the change set with git, which is held in the same way.</summary>
    [Fact(Timeout = Patience)]
    public async Task Ends_a_run_that_is_reviewing()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);
        var run = await HeldInAsync("reviewing", server, ringfence, id => Path.Combine(ringfence.Home, "workspaces", id, "git"));

        await CancelsAsync(server, run);

        Assert.Empty(RunningRingfence.ProcessesWith(Path.Combine("workspaces", run, "git")));
        Assert.Equal("", await ringfence.GitAsync("for-each-ref", "refs/heads/ringfence", "refs/notes"));
    }

    /// <summary>A run in a stage in which git does not answer: from the middle of its check on, a pipe is the configuration of that git directory.</summary>
    private static async Task<string> HeldInAsync(string phase, RunningServer server, RunningRingfence ringfence, Func<string, string> gitOf)
    {
        var marker = Scripts.Marker();
        var run = await server.RunAsync(ringfence, more: $$""","done":["sleep {{marker}} || true"]""");
        await server.SeesPhaseAsync(run, "verifying");
        var sleeping = await SleepingAsync(marker);
        var config = Path.Combine(gitOf(run), "config");
        File.Move(config, config + ".kept");
        await using var made = Cli.Start("mkfifo", [config], ringfence.Repository, ringfence.Environment);
        Assert.Equal(0, (await made.EndsAsync(TestContext.Current.CancellationToken)).ExitCode);
        sleeping.Kill();
        await server.SeesPhaseAsync(run, phase);
        return run;
    }

    /// <summary>The check, once it has begun.</summary>
    private static async Task<Process> SleepingAsync(string marker)
    {
        while (true)
        {
            foreach (var process in Process.GetProcessesByName("sleep"))
            {
                try
                {
                    if ((await File.ReadAllTextAsync($"/proc/{process.Id}/cmdline", TestContext.Current.CancellationToken)).Contains(marker, StringComparison.Ordinal))
                    {
                        return process;
                    }
                }
                catch (IOException)
                {
                    // Somebody else's, and it has ended.
                }
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task CancelsAsync(RunningServer server, string run)
    {
        var first = await server.PostAsync($"/v1/runs/{run}/cancel");
        var again = await server.PostAsync($"/v1/runs/{run}/cancel");
        var ended = await server.EndedAsync(run);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Conflict), (first.Status, again.Status));
        Assert.Equal("cancelled", (string?)ended["status"]);
    }
}
