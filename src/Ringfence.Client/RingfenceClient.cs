using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ringfence.Client;

/// <summary>Calls <c>ringfence serve</c>. Safe to use from any thread; make one and keep it.</summary>
public sealed partial class RingfenceClient : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private const int MostReconnects = 60;

    private readonly HttpClient http;

    /// <param name="server">Address of the server, without a path.</param>
    /// <param name="key">API key, <c>rf_live_…</c>.</param>
    public RingfenceClient(Uri server, string key)
    {
        http = new HttpClient { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Starts a run; it is durable when this returns.</summary>
    /// <param name="idempotencyKey">The same key gives the same run, however often this is called.</param>
    public Task<CreatedRun> CreateRunAsync(NewRun run, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "v1/runs", ClientJson.Default.CreatedRun, JsonContent.Create(run, ClientJson.Default.NewRun), idempotencyKey, cancellationToken);

    /// <param name="query">Parameters of <c>GET /v1/runs</c>, such as <c>status</c> and <c>search</c>.</param>
    public Task<RunPage> ListRunsAsync(IReadOnlyDictionary<string, string>? query = null, CancellationToken cancellationToken = default) =>
        GetAsync("v1/runs" + Query(query), ClientJson.Default.RunPage, cancellationToken);

    public Task<RunInfo> GetRunAsync(string id, CancellationToken cancellationToken = default) => GetAsync($"v1/runs/{Part(id)}", ClientJson.Default.RunInfo, cancellationToken);

    public Task CancelRunAsync(string id, CancellationToken cancellationToken = default) => SendAsync(HttpMethod.Post, $"v1/runs/{Part(id)}/cancel", null, cancellationToken);

    /// <summary>Goes on from an ended run, as a new run.</summary>
    public Task<CreatedRun> ResumeRunAsync(string id, Resumption more, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, $"v1/runs/{Part(id)}/resume", ClientJson.Default.CreatedRun, JsonContent.Create(more, ClientJson.Default.Resumption), null, cancellationToken);

    /// <summary>What a run changed, whatever its ending.</summary>
    public Task<ChangedFiles> GetChangesAsync(string id, CancellationToken cancellationToken = default) =>
        GetAsync($"v1/runs/{Part(id)}/salvage", ClientJson.Default.ChangedFiles, cancellationToken);

    /// <summary>The change set as git has it: what <c>git apply</c> takes.</summary>
    /// <param name="summary">One line per file instead.</param>
    public async Task CopyDiffAsync(string id, Stream target, bool summary = false, CancellationToken cancellationToken = default)
    {
        using var response = await AnswerAsync(new HttpRequestMessage(HttpMethod.Get, $"v1/runs/{Part(id)}/diff?format={(summary ? "stat" : "patch")}"), cancellationToken);
        await response.Content.CopyToAsync(target, cancellationToken);
    }

    /// <summary>The events of a run until it has ended, across broken connections and restarts of the server; none is lost and none comes twice.</summary>
    /// <param name="follow">False ends with what there is now.</param>
    public async IAsyncEnumerable<RunEvent> EventsAsync(
        string id, long after = -1, bool follow = true, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var ended = !follow && (await GetRunAsync(id, cancellationToken)).CompletedAt is null ? null : (bool?)false;

        if (ended is null)
        {
            await foreach (var happened in PagesAsync(id, after, cancellationToken))
            {
                yield return happened;
            }

            yield break;
        }

        for (var broken = 0; broken < MostReconnects; broken++)
        {
            await using var stream = StreamAsync(id, after, cancellationToken).GetAsyncEnumerator(cancellationToken);

            while (await NextAsync(stream))
            {
                (after, broken) = (stream.Current.Seq, 0);
                yield return stream.Current;

                if (stream.Current.Type == "run.ended")
                {
                    yield break;
                }
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        throw new RingfenceException("The server's stream of events broke off and did not come back.", new IOException());
    }

    public Task<IReadOnlyList<ApprovalInfo>> ListApprovalsAsync(bool pendingOnly = true, CancellationToken cancellationToken = default) =>
        GetAsync($"v1/approvals?status={(pendingOnly ? "pending" : "all")}", ClientJson.Default.IReadOnlyListApprovalInfo, cancellationToken);

    /// <param name="idOrRun">An approval, or a run for its latest.</param>
    public Task<ApprovalInfo> GetApprovalAsync(string idOrRun, CancellationToken cancellationToken = default) =>
        GetAsync($"v1/approvals/{Part(idOrRun)}", ClientJson.Default.ApprovalInfo, cancellationToken);

    /// <param name="digest">Of exactly what was shown.</param>
    /// <param name="comment">Needed for a no.</param>
    public Task<ApprovalInfo> DecideAsync(string id, string digest, bool approves, string? comment = null, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, $"v1/approvals/{Part(id)}/decide", ClientJson.Default.ApprovalInfo,
        JsonContent.Create(new Decision(approves ? "approve" : "reject", digest, comment), ClientJson.Default.Decision), null, cancellationToken);

    public Task<IReadOnlyList<BudgetInfo>> ListBudgetsAsync(string? under = null, CancellationToken cancellationToken = default) =>
        GetAsync("v1/budgets" + (under is null ? "" : $"?under={Part(under)}"), ClientJson.Default.IReadOnlyListBudgetInfo, cancellationToken);

    public Task SetBudgetAsync(string scope, decimal limitUsd, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Put, "v1/budgets", JsonContent.Create(new BudgetLimit(scope, limitUsd), ClientJson.Default.BudgetLimit), cancellationToken);

    public Task ThawAsync(string scope, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "v1/budgets/thaw", JsonContent.Create(new ScopeName(scope), ClientJson.Default.ScopeName), cancellationToken);

    /// <summary>Stops a run, a scope or everything (<c>all</c>), or ends such a stop.</summary>
    public Task KillAsync(string scope, bool lift = false, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, lift ? "v1/kill/lift" : "v1/kill", JsonContent.Create(new ScopeName(scope), ClientJson.Default.ScopeName), cancellationToken);

    /// <param name="question">Such as <c>files</c>, <c>commands</c>, <c>network</c>.</param>
    public Task<Table> AskAsync(string question, IReadOnlyDictionary<string, string>? query = null, CancellationToken cancellationToken = default) =>
        GetAsync($"v1/audit/{Part(question)}" + Query(query), ClientJson.Default.Table, cancellationToken);

    /// <param name="query">Parameters of <c>GET /v1/usage</c>: <c>by</c>, <c>since</c>, <c>until</c>, <c>workflow</c>.</param>
    public Task<Table> UsageAsync(IReadOnlyDictionary<string, string>? query = null, CancellationToken cancellationToken = default) =>
        GetAsync("v1/usage" + Query(query), ClientJson.Default.Table, cancellationToken);

    public void Dispose() => http.Dispose();

    private static string Part(string text) => Uri.EscapeDataString(text);

    private static string Query(IReadOnlyDictionary<string, string>? query) =>
        query is null or { Count: 0 } ? "" : "?" + string.Join('&', query.Select(pair => $"{Part(pair.Key)}={Part(pair.Value)}"));

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<RunEvent> stream)
    {
        try
        {
            return await stream.MoveNextAsync();
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException or RingfenceException { Problem.Code: "server_unreachable" })
        {
            return false;
        }
    }

    private async IAsyncEnumerable<RunEvent> PagesAsync(string id, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            using var response = await AnswerAsync(new HttpRequestMessage(HttpMethod.Get, $"v1/runs/{Part(id)}/logs?limit=250&offset={after + 1}"), cancellationToken);
            using var page = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), default, cancellationToken);
            var events = page.RootElement.GetProperty("data").EnumerateArray().Select(e => new RunEvent(e.GetProperty("seq").GetInt64(), e.GetProperty("type").GetString()!, e.GetRawText())).ToList();

            foreach (var happened in events)
            {
                after = happened.Seq;
                yield return happened;
            }

            if (events.Count == 0)
            {
                yield break;
            }
        }
    }

    private async IAsyncEnumerable<RunEvent> StreamAsync(string id, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/runs/{Part(id)}/events");

        if (after >= 0)
        {
            request.Headers.Add("Last-Event-ID", after.ToString(CultureInfo.InvariantCulture));
        }

        using var response = await AnswerAsync(request, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var (number, type) = (-1L, "");

        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                number = long.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                type = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                yield return new RunEvent(number, type, line[6..]);
            }
        }
    }

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> contract, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, contract, null, null, cancellationToken);

    private async Task SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        using var response = await AnswerAsync(request, cancellationToken);
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, JsonTypeInfo<T> contract, HttpContent? body, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        using var response = await AnswerAsync(request, cancellationToken);
        return (await response.Content.ReadFromJsonAsync(contract, cancellationToken))!;
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;

        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException unreachable)
        {
            throw new RingfenceException($"{http.BaseAddress} cannot be reached: {unreachable.Message}", unreachable);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new RingfenceException(await ProblemAsync(response, cancellationToken));
        }
    }

    private static async Task<ProblemInfo> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return (await response.Content.ReadFromJsonAsync(ClientJson.Default.ProblemInfo, cancellationToken))!;
        }
        catch (Exception foreign) when (foreign is JsonException or NotSupportedException or IOException)
        {
            // Something between us and the server answered.
            return new ProblemInfo("bad_answer", $"The answer is no answer of Ringfence: {(int)response.StatusCode} {response.ReasonPhrase}", (int)response.StatusCode, null, null, null);
        }
    }
}
