using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>A <c>ringfence serve</c> and its first key. Disposing it ends it as a service manager does.</summary>
internal sealed record RunningServer(Cli Process, string Address, string Key) : IAsyncDisposable
{
    // A test has its own patience: a stream lasts as long as its run.
    private static readonly HttpClient Http = new() { Timeout = Timeout.InfiniteTimeSpan };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="key">Of an earlier start on the same store, which prints none.</param>
    public static async Task<RunningServer> StartAsync(RunningRingfence ringfence, string? key = null, params string[] more)
    {
        var process = ringfence.Start(
            ["serve", "--listen", "127.0.0.1:0", "--repo-root", Path.GetDirectoryName(ringfence.Repository)!, .. more]);

        while (true)
        {
            var line = await process.LineAsync(Cancel);

            if (line.Contains("rf_live_", StringComparison.Ordinal))
            {
                key = line[line.IndexOf("rf_live_", StringComparison.Ordinal)..].Trim();
            }
            else if (line.StartsWith("Serving on ", StringComparison.Ordinal))
            {
                return new RunningServer(process, line["Serving on ".Length..].Trim(), key!);
            }
        }
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Address + path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Authorization = Key.Length > 0 ? new AuthenticationHeaderValue("Bearer", Key) : null;

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request, Cancel);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Content.Headers.ContentType?.MediaType)
        {
            RetryAfter = response.Headers.TryGetValues("Retry-After", out var after) ? after.Single() : null,
        };
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, string? body = null) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>Starts a run and returns its id.</summary>
    public async Task<string> RunAsync(RunningRingfence ringfence, string prompt = "Write a greeting", string more = "")
    {
        var created = await PostAsync("/v1/runs", $$"""{"repo":"{{ringfence.Repository}}","prompt":"{{prompt}}","model":"simulated-model"{{more}}}""");
        Assert.True(created.Status == HttpStatusCode.Created, created.Text);
        return (string)created.Json["id"]!;
    }

    /// <summary>The types of a run's events as they come, until it has ended or the stream breaks off.</summary>
    public IAsyncEnumerable<string> EventsAsync(string run) => LinesAsync(run, "event: ");

    /// <summary>Returns when the run has come to a phase, as its record says it.</summary>
    public async Task SeesPhaseAsync(string run, string phase)
    {
        await foreach (var come in PhasesAsync(run))
        {
            if (come == phase)
            {
                return;
            }
        }

        Assert.Fail($"The run ended and was never {phase}: {(await GetAsync($"/v1/runs/{run}")).Text}");
    }

    /// <summary>The phases that a run comes to, as its record says it.</summary>
    public async IAsyncEnumerable<string> PhasesAsync(string run)
    {
        await foreach (var json in LinesAsync(run, "data: "))
        {
            var happened = JsonNode.Parse(json)!;

            if ((string?)happened["type"] == "run.state")
            {
                yield return (string)happened["data"]!["to"]!;
            }
        }
    }

    private async IAsyncEnumerable<string> LinesAsync(string run, string kind)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Address}/v1/runs/{run}/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));

        while (await ReadAsync(reader) is { } line)
        {
            if (line.StartsWith(kind, StringComparison.Ordinal))
            {
                yield return line[kind.Length..];
            }
        }
    }

    /// <summary>Returns when the run has had such an event.</summary>
    public async Task SeesAsync(string run, string type)
    {
        await foreach (var happened in EventsAsync(run))
        {
            if (happened == type)
            {
                return;
            }
        }

        Assert.Fail($"The run ended without {type}: {(await GetAsync($"/v1/runs/{run}")).Text}");
    }

    /// <summary>The run when it has ended.</summary>
    public async Task<JsonNode> EndedAsync(string run)
    {
        while (true)
        {
            await foreach (var _ in EventsAsync(run))
            {
            }

            var now = await GetAsync($"/v1/runs/{run}");

            // A stream may break off; the run itself says whether it has ended.
            if (now.Status != HttpStatusCode.OK || (string?)now.Json["status"] is "completed" or "failed" or "cancelled")
            {
                return now.Json;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Process.Signal("TERM");
        await Process.EndsAsync(CancellationToken.None);
        await Process.DisposeAsync();
    }

    private static async Task<string?> ReadAsync(StreamReader reader)
    {
        try
        {
            return await reader.ReadLineAsync(Cancel);
        }
        catch (IOException)
        {
            return null;
        }
    }
}

internal sealed record Answer(HttpStatusCode Status, string Text, string? Type)
{
    public string? RetryAfter { get; init; }

    public JsonNode Json => JsonNode.Parse(Text)!;

    public override string ToString() => $"{(int)Status} {Type}\n{Text}";
}
