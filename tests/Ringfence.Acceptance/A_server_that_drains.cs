using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>A server that is told to end says so, takes nothing up, lets end what can, and loses nothing of what it accepted, before or since.</summary>
public sealed class A_server_that_drains
{
    private const int Callers = 4;
    private const int MostAccepts = 100;

    private const string Script =
        """
        conversations:
          - name: holding
            when: { prompt: "Hold on" }
            position: history
            turns:
              - calls: [{ tool: Write, input: { file_path: /workspace/greeting.txt, content: "hello\n" } }]
              - fault: never
          - name: writing
            position: history
            turns:
              - calls: [{ tool: Write, input: { file_path: /workspace/greeting.txt, content: "hello\n" } }]
              - text: I wrote it.
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Ends_what_can_end_and_gives_back_the_rest_while_more_is_asked_of_it()
    {
        var marker = Scripts.Marker();
        await using var ringfence = await RunningRingfence.StartAsync(Script);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var server = await RunningServer.StartAsync(ringfence, null, "--max-runs", "4", "--max-runs-per-repo", "4", "--rate-limit", "1000000", "--drain-time", "1h");
        await using var _ = server.Process;
        var checking = await server.RunAsync(ringfence, more: $",\"done\":[\"sleep {marker}\"]");
        string[] held = [await server.RunAsync(ringfence, "Hold on"), await server.RunAsync(ringfence, "Hold on")];
        var ending = await server.RunAsync(ringfence, more: ",\"done\":[\"sleep 1; grep -q hello greeting.txt\"]");
        await Task.WhenAll([server.SeesAsync(checking, "checkpoint.reached"), .. held.Select(one => server.SeesAsync(one, "tool.returned"))]);

        var accepting = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => AcceptedAsync(server)));
        server.Process.Signal("TERM");
        await server.Process.SeesAsync("Draining", Cancel);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), ((await server.GetAsync("/readyz")).Status, (await server.GetAsync("/healthz")).Status));
        var late = await server.RunAsync(ringfence);
        var run = await server.EndedAsync(ending);
        Assert.True((string?)run["status"] == "completed", run.ToJsonString());

        server.Process.Signal("TERM");
        var end = await server.Process.EndsAsync(Cancel);

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Empty(RunningRingfence.ProcessesWith($"sleep {marker}"));
        var waiting = (await accepting).SelectMany(ids => ids).Concat([late, checking, .. held]).ToHashSet();
        var left = await LeftAsync(ringfence);
        Assert.Equal("completed", left[ending]);
        Assert.True(waiting.All(one => left.GetValueOrDefault(one) == "queued"), string.Join(", ", waiting.Where(one => left.GetValueOrDefault(one) != "queued").Select(one => $"{one} {left.GetValueOrDefault(one)}")));
        await GoesOnWithTheChecksAsync(ringfence, server.Key, checking);
        Assert.Equal(0, (await ringfence.CliAsync("audit", "verify", checking)).ExitCode);
    }

    /// <summary>Asks for runs until the server is gone, and returns those that it said it accepted.</summary>
    private static async Task<IReadOnlyList<string>> AcceptedAsync(RunningServer server)
    {
        var accepted = new List<string>();

        try
        {
            while (accepted.Count < MostAccepts)
            {
                var answer = await server.PostAsync("/v1/runs", """{"repo":"https://127.0.0.1:1/none.git","prompt":"Never taken up"}""");
                Assert.True(answer.Status == HttpStatusCode.Created, answer.ToString());
                accepted.Add((string)answer.Json["id"]!);
            }
        }
        catch (HttpRequestException)
        {
            // It is gone: what it did not answer it need not have.
        }

        return accepted;
    }

    private static async Task<Dictionary<string, string>> LeftAsync(RunningRingfence ringfence)
    {
        var listed = await ringfence.CliAsync("runs", "--limit", "1000", "--json");
        return JsonNode.Parse(listed.Output)!.AsArray().ToDictionary(run => (string)run!["id"]!, run => (string)run!["status"]!, StringComparer.Ordinal);
    }

    /// <summary>The next server takes the oldest run first, and its agent, which had ended, is not started again.</summary>
    private static async Task GoesOnWithTheChecksAsync(RunningRingfence ringfence, string key, string run)
    {
        await using var next = await RunningServer.StartAsync(ringfence, key, "--max-runs", "1", "--drain-time", "1s");
        var phases = new List<string>();

        await foreach (var phase in next.PhasesAsync(run))
        {
            phases.Add(phase);

            if (phase == "verifying" && phases.Contains("queued"))
            {
                break;
            }
        }

        Assert.Equal(["preparing", "running", "verifying", "queued", "preparing", "verifying"], phases);
    }
}
