using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ringfence.Model;

/// <summary>
/// A model that is a script: a real HTTP server that speaks the real wires, streaming and not. It answers only when a request shows what
/// the script demands, so that nothing passes without the work.
/// </summary>
public sealed class SimulatedModel : IAsyncDisposable
{
    private static readonly IWire[] Wires = [new AnthropicWire(), new OpenAiResponsesWire(), new OpenAiChatWire(), new GeminiWire()];

    private readonly ModelScript script;
    private readonly ScriptPlayer player;
    private readonly WebApplication server;
    private readonly TimeProvider time;
    private readonly ConcurrentQueue<ReceivedRequest> requests = new();
    private int answers;

    private SimulatedModel(ModelScript script, WebApplication server, TimeProvider time)
    {
        this.script = script;
        this.server = server;
        this.time = time;
        player = new ScriptPlayer(script);
    }

    /// <summary>Base address without a trailing slash; any path prefix works: <c>{Address}/run/1/v1/messages</c> is a model call too.</summary>
    public string Address => server.Urls.First().TrimEnd('/');

    /// <summary>Everything that arrived, in order, model calls and others.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. requests];

    /// <summary>Model calls that got a turn.</summary>
    public int Answers => requests.Count(r => r.Turn >= 0);

    /// <summary>Why requests got no turn, in order. Empty after a run that went by the script.</summary>
    public IReadOnlyList<string> Mismatches => [.. requests.Select(r => r.Mismatch).OfType<string>()];

    /// <summary>Whether every turn of the script was given.</summary>
    public bool IsFinished => player.IsFinished;

    /// <summary>Starts on a free port of the loopback, answering with these turns in order.</summary>
    public static Task<SimulatedModel> StartAsync(params Turn[] turns) => StartAsync(new ModelScript { Turns = turns });

    /// <summary>Starts with a script as YAML or JSON text.</summary>
    /// <exception cref="FormatException">The script is wrong.</exception>
    public static Task<SimulatedModel> StartAsync(string script) => StartAsync(ScriptReader.Parse(script));

    /// <param name="listen">Address and port, or <c>unix:/path</c>.</param>
    public static async Task<SimulatedModel> StartAsync(
        ModelScript script, string listen = "127.0.0.1:0", TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ScriptReader.Check(script);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            Listen(kestrel, listen);
        });

        var server = builder.Build();
        var model = new SimulatedModel(script, server, time ?? TimeProvider.System);
        server.Run(model.HandleAsync);
        await server.StartAsync(cancellationToken);

        return model;
    }

    public async ValueTask DisposeAsync()
    {
        // Requests that are never answered would hold a graceful stop for ever.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        await server.DisposeAsync();
    }

    private static void Listen(KestrelServerOptions kestrel, string listen)
    {
        if (listen.StartsWith("unix:", StringComparison.Ordinal))
        {
            kestrel.ListenUnixSocket(listen["unix:".Length..]);
        }
        else
        {
            kestrel.Listen(IPEndPoint.Parse(listen));
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away, which a script may be made to provoke.
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        var received = new ReceivedRequest
        {
            Method = context.Request.Method,
            Path = context.Request.Path + context.Request.QueryString.ToString(),
            Headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            Body = buffer.ToArray(),
        };
        var path = context.Request.Path.Value ?? "";

        if (context.Request.Method == "POST" && Wires.FirstOrDefault(w => w.Takes(path)) is { } wire)
        {
            await AnswerModelCallAsync(context, wire, path, received);
            return;
        }

        // Questions about the script itself are no traffic of the system under test.
        if (!path.StartsWith("/simulated", StringComparison.Ordinal))
        {
            requests.Enqueue(received);
        }

        await SideAnswers.WriteAsync(context, path, received, this, script);
    }

    private async Task AnswerModelCallAsync(HttpContext context, IWire wire, string path, ReceivedRequest received)
    {
        if (ParseObject(received.Body) is not { } json)
        {
            requests.Enqueue(received with { Wire = wire.Name, Mismatch = "The body is not a JSON object." });
            await RefuseAsync(context, wire, "The body is not a JSON object.");
            return;
        }

        var request = wire.Read(path, received.Headers, received.Body, json);
        var choice = player.Choose(request);
        requests.Enqueue(received with
        {
            Wire = wire.Name,
            Request = request,
            Conversation = choice.Conversation,
            Turn = choice.Turn is null ? -1 : choice.Position,
            Mismatch = choice.Mismatch,
        });

        if (choice.Turn is not { } turn)
        {
            await RefuseAsync(context, wire, $"The simulated model's script does not go on. {choice.Mismatch}");
            return;
        }

        var number = Interlocked.Increment(ref answers);
        context.Response.Headers["request-id"] = $"req_simulated_{number:d6}";
        await new AnswerWriter(context, turn, time).WriteAsync(wire, request, Answer.To(request, turn, script, number));
    }

    private static JsonObject? ParseObject(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>400 and no retry: asking again would not change what the agent did.</summary>
    private static async Task RefuseAsync(HttpContext context, IWire wire, string message)
    {
        context.Response.StatusCode = 400;
        context.Response.ContentType = "application/json";
        context.Response.Headers["x-should-retry"] = "false";
        await context.Response.WriteAsync(wire.Error(400, null, message).ToJsonString(Answer.Plain), context.RequestAborted);
    }

    internal JsonObject State() => new()
    {
        ["model"] = script.Model,
        ["finished"] = IsFinished,
        ["requests"] = requests.Count,
        ["answers"] = Answers,
        ["conversations"] = new JsonObject(player.Given.Select(g => KeyValuePair.Create(g.Key, (JsonNode?)g.Value))),
        ["mismatches"] = new JsonArray([.. Mismatches.Select(m => JsonValue.Create(m))]),
    };
}
