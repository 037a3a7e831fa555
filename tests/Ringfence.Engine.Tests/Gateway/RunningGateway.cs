using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>A real gateway in front of a real server, reached as an agent reaches it: through a listener of its own.</summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    private RunningGateway(ModelGateway gateway) => Gateway = gateway;

    public ModelGateway Gateway { get; }

    public static async Task<RunningGateway> StartAsync(string upstream, Func<GatewayOptions, GatewayOptions>? change = null)
    {
        var options = new GatewayOptions
        {
            Upstreams = [.. Enum.GetValues<Wire>().Select(w => new Upstream { Wire = w, BaseAddress = new Uri(upstream) })],
            BudgetWait = TimeSpan.FromMinutes(2),
        };

        return new RunningGateway((await ModelGateway.StartAsync(change?.Invoke(options) ?? options, TimeProvider.System, default)).Value);
    }

    public Agent Open(decimal dollars = 5, Func<LeaseRequest, LeaseRequest>? change = null, CassetteMode? mode = null)
    {
        var request = new LeaseRequest { Run = RunId.New(TimeProvider.System), Limit = Money.FromDollars(dollars) };
        return Open(Gateway, change?.Invoke(request) ?? request, mode);
    }

    /// <summary>The same at a gateway that was started in another way.</summary>
    public static Agent Open(ModelGateway gateway, LeaseRequest request, CassetteMode? mode = null) => Open(gateway, request, new ListRecorder(), mode);

    public static Agent Open(ModelGateway gateway, LeaseRequest request, ListRecorder recorder, CassetteMode? mode = null)
    {
        var lease = gateway.Open(request, recorder, mode).Value;
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var address = new Uri($"http://{listener.LocalEndPoint}");
        gateway.Serve(lease, listener);
        return new Agent(lease, recorder, address);
    }

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}

/// <summary>What stands inside a sandbox: an address, a token and an HTTP client.</summary>
internal sealed class Agent(GatewayLease lease, ListRecorder recorder, Uri address) : IAsyncDisposable
{
    public const string Model = "simulated-model";

    private readonly HttpClient client = new() { BaseAddress = address, Timeout = TimeSpan.FromMilliseconds(Patience) };

    public GatewayLease Lease => lease;

    public Uri Address => address;

    public HttpClient Client => client;

    public IReadOnlyList<AuditFact> Facts => recorder.Facts;

    public IEnumerable<T> Of<T>()
        where T : AuditFact => Facts.OfType<T>();

    /// <summary>The settlements, once there are as many as <paramref name="count"/>.</summary>
    public async Task<IReadOnlyList<BudgetSettled>> SettledAsync(int count)
    {
        await recorder.HasAsync(facts => facts.OfType<BudgetSettled>().Count() >= count);
        return [.. Of<BudgetSettled>()];
    }

    public Task HasAsync(Func<IReadOnlyList<AuditFact>, bool> holds) => recorder.HasAsync(holds);

    public Task<HttpResponseMessage> MessageAsync(string prompt = "hello", long maxTokens = 1000, bool stream = false, string more = "") =>
        PostAsync("/v1/messages", $$"""
            {"model":"{{Model}}","max_tokens":{{maxTokens}},"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"{{prompt}}"}]{{more}}}
            """);

    public Task<HttpResponseMessage> PostAsync(string path, string body, string? token = null) =>
        SendAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), token);

    public async Task<HttpResponseMessage> SendAsync(string path, HttpContent? content, string? token = null, bool whole = true)
    {
        using var request = new HttpRequestMessage(content is null ? HttpMethod.Get : HttpMethod.Post, path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? lease.Token);
        return await client.SendAsync(request, whole ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead);
    }

    public async ValueTask DisposeAsync()
    {
        await lease.DisposeAsync();
        client.Dispose();
    }
}

internal class ListRecorder : IRecorder
{
    private readonly ConcurrentQueue<AuditFact> facts = new();
    private TaskCompletionSource appended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long count;

    public IReadOnlyList<AuditFact> Facts => [.. facts];

    public virtual long Append(AuditFact fact)
    {
        facts.Enqueue(fact);
        var seq = Interlocked.Increment(ref count) - 1;
        Interlocked.Exchange(ref appended, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return seq;
    }

    /// <summary>Completes when the facts are as <paramref name="holds"/> says.</summary>
    public async Task HasAsync(Func<IReadOnlyList<AuditFact>, bool> holds)
    {
        while (true)
        {
            var next = appended.Task;

            if (holds(Facts))
            {
                return;
            }

            try
            {
                await next.WaitAsync(TimeSpan.FromMilliseconds(Patience), TestContext.Current.CancellationToken);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"What was waited for is not on record: {string.Join("; ", Facts.TakeLast(20))}");
            }
        }
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public string Keep(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));
}

internal static class ResponseText
{
    public static Task<string> TextAsync(this HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
