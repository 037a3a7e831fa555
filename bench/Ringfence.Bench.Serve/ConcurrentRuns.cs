using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Bench;

/// <summary>Starts many runs at once, follows each to its end, and holds what the streams gave against the record.</summary>
internal sealed class ConcurrentRuns : IAsyncDisposable
{
    private readonly HttpClient http;
    private readonly int serverProcess;
    private readonly CancellationTokenSource ended = new();
    private readonly Task watching;
    private long peak;
    private int mostGoing;

    public ConcurrentRuns(Uri server, string key, int serverProcess)
    {
        this.serverProcess = serverProcess;
        http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2000 }) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        watching = WatchAsync();
    }

    /// <summary>1 when a run did not complete or an event was lost.</summary>
    public async Task<int> RunAsync(int count, string repository)
    {
        var began = Stopwatch.GetTimestamp();
        var results = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => FollowAsync(repository)));
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var events = results.Sum(result => result.Streamed);
        var lost = results.Sum(result => result.Recorded - result.Streamed);
        var completed = results.Count(result => result.Status == "completed");
        Line("runs at once", $"{completed} of {count} completed, {mostGoing} going at the most");
        Line("until the last had ended", string.Create(CultureInfo.InvariantCulture, $"{took:0} s, {count / took * 60:0} runs a minute"));
        Line("events", $"{events} streamed, {lost} of them lost or out of order");
        Line("supervisor at its peak", $"{peak / 1024} MiB resident");
        return completed == count && lost == 0 ? 0 : 1;
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await watching;
        ended.Dispose();
        http.Dispose();
    }

    private async Task<(string Status, int Streamed, int Recorded)> FollowAsync(string repository)
    {
        var body = new JsonObject { ["repo"] = repository, ["prompt"] = "Write a greeting", ["model"] = "simulated-model", ["done"] = new JsonArray("grep -q hello greeting.txt") };
        using var created = await http.PostAsJsonAsync(new Uri("v1/runs", UriKind.Relative), body);
        created.EnsureSuccessStatusCode();
        var id = (string)(await created.Content.ReadFromJsonAsync<JsonObject>())!["id"]!;
        using var response = await http.GetAsync(new Uri($"v1/runs/{id}/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var next = 0;

        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal) && int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture) == next)
            {
                next++;
            }
        }

        var run = await http.GetFromJsonAsync<JsonObject>(new Uri($"v1/runs/{id}", UriKind.Relative));
        var record = await http.GetFromJsonAsync<JsonObject>(new Uri($"v1/audit/verify/{id}", UriKind.Relative));
        return ((string)run!["status"]!, next, (int)record!["events"]!);
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), TimeProvider.System);

        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                var status = await File.ReadAllLinesAsync($"/proc/{serverProcess}/status", ended.Token);
                var line = status.First(text => text.StartsWith("VmRSS", StringComparison.Ordinal));
                peak = Math.Max(peak, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
                var list = await http.GetFromJsonAsync<JsonObject>(new Uri("v1/runs?status=running&limit=1", UriKind.Relative), ended.Token);
                mostGoing = Math.Max(mostGoing, (int)list!["pagination"]!["total"]!);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or IOException or HttpRequestException)
        {
            // The end, or the server's: whoever follows the runs says which.
        }
    }

    private static void Line(string name, string value) => Console.WriteLine($"| {name} | {value} |");
}
