using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Mcp;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>What the other side says first: what kind of session this shall be, which of its functions are hooks, which servers it lends.</summary>
internal sealed class SessionBeginning(AgentOptions options, ControlChannel channel, Func<AgentSession?> session)
{
    private static readonly TimeSpan HookLimit = TimeSpan.FromMinutes(1);
    private readonly List<CallbackHook> hooks = [];
    private readonly List<McpServerEntry> servers = [];

    /// <summary>Takes it up, and says what there is. A repeated one replaces the hooks.</summary>
    public JsonObject Read(JsonObject request)
    {
        var answer = Describe();

        if (session() is null)
        {
            ReadOptions(request);
            servers.AddRange((request.Array("sdkMcpServers") ?? []).Select(n => n?.ToString()).OfType<string>()
                .Select(n => ServerOfTheOtherSide(n, request.Object("sdkMcpServerManifests").Object(n))));
        }

        if (request.Object("mcpServers") is { } given)
        {
            answer["mcp_servers_applied"] = session() is null;
        }

        if (request.Object("hooks") is { } wanted)
        {
            ReadHooks(wanted);
            answer["hooks_applied"] = true;
        }

        return answer;
    }

    /// <summary>Gives a session what was asked for.</summary>
    public async Task ConnectAsync(AgentSession opened, CancellationToken cancellationToken)
    {
        opened.Hooks.Replace(hooks);
        await opened.Servers.AddAsync(servers, cancellationToken);
    }

    public McpServerEntry ServerOfTheOtherSide(string name, JsonObject? manifest = null) =>
        new(name, "sdk", "sdk", () => new SdkMcpServer(name, Interlocked.Exchange(ref manifest, null), channel));

    public JsonArray Models() =>
    [
        .. new[] { session()?.Model ?? options.Model, SessionFactory.DefaultModel, "claude-sonnet-5-5", "claude-haiku-5-5" }.OfType<string>().Distinct()
            .Select(m => new JsonObject { ["value"] = m, ["resolvedModel"] = m, ["displayName"] = m, ["description"] = PriceTable.Describe(m) }),
    ];

    public static JsonArray Commands() =>
    [
        Command("compact", "Shorten the conversation, keeping what matters", "[what to keep]"),
        Command("context", "Show what fills the context", ""),
        Command("cost", "Show what the session cost", ""),
    ];

    public JsonArray Agents() => [.. (session()?.Agents ?? SubAgentFiles.Read(options.Agents, Directory.GetCurrentDirectory(), SessionFactory.UserDirectory(Environment.GetEnvironmentVariable), options.Bare, []))
        .Select(a => new JsonObject { ["name"] = a.Name, ["description"] = a.Description, ["model"] = a.Model ?? "inherit" })];

    private static JsonObject Command(string name, string description, string hint) =>
        new() { ["name"] = name, ["description"] = description, ["argumentHint"] = hint, ["builtin"] = true };

    private void ReadOptions(JsonObject request)
    {
        options.SystemPrompt = request["systemPrompt"] switch
        {
            JsonArray lines => string.Join("\n\n", lines.Select(l => l?.ToString())),
            JsonValue text => text.ToString(),
            _ => options.SystemPrompt,
        };

        options.AppendSystemPrompt = request.Text("appendSystemPrompt") ?? options.AppendSystemPrompt;
        options.JsonSchema = request.Object("jsonSchema")?.ToText() ?? options.JsonSchema;
        options.Agents = request.Object("agents")?.ToText() ?? options.Agents;
        options.Title = request.Text("title") ?? options.Title;
        options.ForwardSubAgentText |= request.Flag("forwardSubagentText") is true;

        if (request.Object("mcpServers") is { } given)
        {
            options.McpConfigs.Add(new JsonObject { ["mcpServers"] = given.DeepClone() }.ToText());
        }
    }

    private void ReadHooks(JsonObject wanted)
    {
        hooks.Clear();

        foreach (var (eventName, matchers) in wanted)
        {
            foreach (var matcher in (matchers as JsonArray ?? []).OfType<JsonObject>())
            {
                var limit = matcher.Integer("timeout") is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : HookLimit;

                hooks.AddRange((matcher.Array("hookCallbackIds") ?? []).Select(callback => new CallbackHook(
                    eventName, matcher.Text("matcher"), callback?.ToString() ?? "", limit, matcher.Text("onFailure") == "block", TimeProvider.System, channel)));
            }
        }

        session()?.Hooks.Replace(hooks);
    }

    private JsonObject Describe() => new()
    {
        ["commands"] = Commands(),
        ["agents"] = Agents(),
        ["output_style"] = "default",
        ["available_output_styles"] = new JsonArray("default"),
        ["models"] = Models(),
        ["account"] = new JsonObject { ["apiKeySource"] = "environment" },
        ["pid"] = Environment.ProcessId,
        ["claude_code_version"] = Program.Version,
        ["hook_on_failure_supported"] = true,
    };
}
