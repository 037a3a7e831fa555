using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Ringfence.Bench;

/// <summary>Asks a server that is running, from this machine: what the client uses of the processors is in the figures.</summary>
internal sealed class ServeBenchmark : IDisposable
{
    private readonly HttpClient http;

    public ServeBenchmark(Uri server, string key)
    {
        http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2000, PooledConnectionLifetime = TimeSpan.FromHours(1) }) { BaseAddress = server };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public async Task AcceptsAsync(TimeSpan duration, int connections)
    {
        await LoadAsync("warm-up", TimeSpan.FromSeconds(3), connections);
        await LoadAsync("accepts", duration, connections);
    }

    /// <summary>Streams of as many runs, in a server that has nothing else to do: one run has its only place and waits for a code host that never answers, and
    /// the others wait for that place.</summary>
    public async Task StreamsAsync(int count, int serverProcess)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await CreateAsync(Body("first", $"https://{silent.LocalEndpoint}/none.git"));
        using var taken = await silent.AcceptTcpClientAsync();
        var runs = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => CreateAsync(Body("streams"))));
        Line("server before", $"{Memory(serverProcess)}, {await ProcessorAsync(serverProcess)}");
        var open = await Task.WhenAll(runs.Select(run => http.GetAsync(new Uri($"v1/runs/{run}/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead)));
        Line("streams open", $"{open.Count(response => response.IsSuccessStatusCode)}, each of a run of its own");
        Line("server while they wait", $"{Memory(serverProcess)}, {await ProcessorAsync(serverProcess)}");
        Array.ForEach(open, response => response.Dispose());
    }

    private async Task<string> CreateAsync(HttpContent body)
    {
        using var created = await http.PostAsync(new Uri("v1/runs", UriKind.Relative), body);
        return System.Text.Json.Nodes.JsonNode.Parse(await created.Content.ReadAsStringAsync())!["id"]!.ToString();
    }

    public async Task ListsAsync(int times)
    {
        foreach (var (name, path) in (IReadOnlyList<(string, string)>)
            [("newest", "v1/runs"), ("by status", "v1/runs?status=failed"), ("page 100", "v1/runs?page=100&limit=20"), ("by cost", "v1/runs?sortBy=costUsd"),
            ("by model", "v1/runs?model=claude-sonnet-5"), ("search, rare word", "v1/runs?search=zebra4711"), ("search, beginning of a word", "v1/runs?search=zebra4"), ("search, one run in a thousand", "v1/runs?search=walrus"), ("search, only old runs, one in fifty", "v1/runs?search=retired"),
            ("search, common word", "v1/runs?search=login"), ("search, word of every run", "v1/runs?search=problem"), ("search, two words", "v1/runs?search=login+walrus"), ("search and status", "v1/runs?search=walrus&status=failed"),
            ("search by repository", "v1/runs?search=team7/app47"), ("search by cost", "v1/runs?search=login&sortBy=costUsd"), ("start of an id", "v1/runs?search=01k"), ("status running", "v1/runs?status=running"), ("status and model", "v1/runs?status=failed&model=gpt-5"), ("ended", "v1/runs?status=completed,failed,cancelled"), ("page 2000", "v1/runs?page=2000&limit=20"), ("outputs", "v1/runs?outputTypes=patch"), ("search, no hit", "v1/runs?search=qqqqqq")])
        {
            var took = new List<double>();

            for (var i = 0; i < times; i++)
            {
                var began = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
                answer.EnsureSuccessStatusCode();
                took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            Line(name, Quantiles(took));
        }
    }

    public void Dispose() => http.Dispose();

    private async Task LoadAsync(string name, TimeSpan duration, int connections)
    {
        var took = new List<double>[connections];
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async i =>
        {
            took[i] = [];

            while (Stopwatch.GetElapsedTime(began) < duration)
            {
                var sent = Stopwatch.GetTimestamp();
                using var answer = await http.PostAsync(new Uri("v1/runs", UriKind.Relative), Body(name));
                answer.EnsureSuccessStatusCode();
                took[i].Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }
        }));

        var all = took.SelectMany(one => one).ToList();
        Line(name, $"{all.Count / Stopwatch.GetElapsedTime(began).TotalSeconds:0}/s, {Quantiles(all)}");
    }

    private static StringContent Body(string name, string repository = "https://127.0.0.1:1/none.git") => new(
        $$$"""{"repo":"{{{repository}}}","prompt":"Fix the failing login test ({{{name}}})","guardrails":{"maxTurns":20,"maxCostUsd":2},"metadata":{"ticket":4711}}""",
        Encoding.UTF8, "application/json");

    private static string Quantiles(List<double> took)
    {
        took.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"p50 {took[took.Count / 2]:0.0} ms, p95 {took[(int)(took.Count * 0.95)]:0.0} ms, p99 {took[(int)(took.Count * 0.99)]:0.0} ms of {took.Count}");
    }

    private static string Memory(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(text => text.StartsWith("VmRSS", StringComparison.Ordinal));
        return $"{long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024} MiB resident";
    }

    private static async Task<string> ProcessorAsync(int process)
    {
        const int Seconds = 10;
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System); // what was asked just now is done
        var before = Process.GetProcessById(process).TotalProcessorTime;
        await Task.Delay(TimeSpan.FromSeconds(Seconds), TimeProvider.System);
        return string.Create(CultureInfo.InvariantCulture, $"{(Process.GetProcessById(process).TotalProcessorTime - before).TotalSeconds / Seconds * 100:0.0} % of a core");
    }

    private static void Line(string name, string value) => Console.WriteLine($"| {name} | {value} |");
}
