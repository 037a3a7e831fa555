using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts.Acp;

/// <summary>The Agent Client Protocol, version 1: an editor starts this program and drives any number of sessions in it.</summary>
internal sealed class AcpHost(AgentOptions options, StandardStreams streams, TimeProvider time, Func<string, string?> environment)
{
    private const int ProtocolVersion = 1;

    private readonly AcpChannel channel = new(streams);
    private readonly ConcurrentDictionary<string, AcpSession> sessions = new(StringComparer.Ordinal);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await channel.ReadAsync(HandleAsync, Notified, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ended from outside.
        }

        foreach (var session in sessions.Values)
        {
            session.Cancel();
            await session.Agent.CloseAsync("other");
        }

        return 0;
    }

    private Task<JsonObject> HandleAsync(string method, JsonObject parameters) => method switch
    {
        "initialize" => Task.FromResult(Initialize()),
        "authenticate" => Task.FromResult(new JsonObject()),
        "session/new" => OpenAsync(parameters, null),
        "session/load" => OpenAsync(parameters, parameters.Text("sessionId")),
        "session/prompt" => Session(parameters).PromptAsync(parameters.Array("prompt") ?? []),
        "session/set_mode" => SetMode(parameters),
        "session/close" => CloseAsync(parameters),
        _ => throw new AcpException(AcpChannel.MethodNotFound, $"Method not found: {method}"),
    };

    private void Notified(string method, JsonObject parameters)
    {
        if (method == "session/cancel" && sessions.TryGetValue(parameters.Text("sessionId") ?? "", out var session))
        {
            session.Cancel();
        }
    }

    private static JsonObject Initialize() => new()
    {
        ["protocolVersion"] = ProtocolVersion,
        ["agentInfo"] = new JsonObject { ["name"] = "ringfence-agent", ["title"] = "Ringfence Agent", ["version"] = Program.Version },
        ["agentCapabilities"] = new JsonObject
        {
            ["loadSession"] = true,
            ["promptCapabilities"] = new JsonObject { ["image"] = true, ["embeddedContext"] = true },
            ["mcpCapabilities"] = new JsonObject { ["http"] = true, ["sse"] = true },
        },
        ["authMethods"] = new JsonArray(),
    };

    private async Task<JsonObject> OpenAsync(JsonObject parameters, string? resume)
    {
        var own = options with
        {
            Directory = parameters.Text("cwd"), Resume = resume, AddDirectories = [.. options.AddDirectories],
            McpConfigs = [.. options.McpConfigs, Servers(parameters.Array("mcpServers") ?? []).ToText()],
        };

        if (!System.IO.Directory.Exists(own.Directory))
        {
            throw new AcpException(AcpChannel.InvalidParams, $"cwd does not exist: {own.Directory}");
        }

        var (plan, wrong) = SessionFactory.Plan(own, time, environment);
        var host = new AcpSession(channel, plan?.SessionId ?? "");
        var (session, failures) = plan is null ? (null, wrong) : SessionFactory.Create(own, plan, host, time, environment);

        if (session is null)
        {
            throw new AcpException(AcpChannel.InvalidParams, string.Join('\n', failures));
        }

        host.Agent = session;
        sessions[session.Id] = host;
        await session.StartAsync(resume is null ? "startup" : "resume", CancellationToken.None);

        foreach (var (role, content) in plan!.Restored?.Messages ?? [])
        {
            host.Replay(role, content);
        }

        return new JsonObject { ["sessionId"] = session.Id, ["modes"] = Modes(session.Permissions.Mode) };
    }

    private Task<JsonObject> SetMode(JsonObject parameters)
    {
        var mode = ModeName.Parse(parameters.Text("modeId"));

        if (mode is null or PermissionMode.BypassPermissions)
        {
            throw new AcpException(AcpChannel.InvalidParams, $"No such mode: {parameters.Text("modeId")}");
        }

        Session(parameters).Agent.Permissions.Mode = mode.Value;
        return Task.FromResult(new JsonObject());
    }

    private async Task<JsonObject> CloseAsync(JsonObject parameters)
    {
        var session = Session(parameters);
        session.Cancel();
        sessions.TryRemove(session.Agent.Id, out _);
        await session.Agent.CloseAsync("other");
        return [];
    }

    private AcpSession Session(JsonObject parameters) => sessions.TryGetValue(parameters.Text("sessionId") ?? "", out var session)
        ? session : throw new AcpException(AcpChannel.InvalidParams, $"No such session: {parameters.Text("sessionId")}");

    private static JsonObject Modes(PermissionMode current)
    {
        static JsonObject Mode(string id, string name, string meaning) => new() { ["id"] = id, ["name"] = name, ["description"] = meaning };

        return new JsonObject
        {
            ["currentModeId"] = ModeName.Of(current),
            ["availableModes"] = new JsonArray(
                Mode("default", "Ask", "Asks before it changes anything"), Mode("acceptEdits", "Accept edits", "Changes files without asking"),
                Mode("plan", "Plan", "Changes nothing")),
        };
    }

    private static JsonObject Servers(JsonArray servers)
    {
        static JsonObject Pairs(JsonArray? pairs) =>
            new((pairs ?? []).OfType<JsonObject>().GroupBy(p => p.Text("name") ?? "").Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Last().Text("value"))));

        var result = new JsonObject();

        foreach (var server in servers.OfType<JsonObject>())
        {
            result[server.Text("name") ?? ""] = server.Text("url") is { } url
                ? new JsonObject { ["type"] = server.Text("type") ?? "http", ["url"] = url, ["headers"] = Pairs(server.Array("headers")) }
                : new JsonObject { ["command"] = server.Text("command"), ["args"] = server.Array("args")?.DeepClone() ?? new JsonArray(), ["env"] = Pairs(server.Array("env")) };
        }

        return new JsonObject { ["mcpServers"] = result };
    }
}
