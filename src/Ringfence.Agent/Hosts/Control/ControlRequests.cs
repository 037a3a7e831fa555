using System.Text.Json.Nodes;
using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Answers what the program that drives us asks of the session. Every request gets an answer, also one that nobody here knows.</summary>
internal sealed class ControlRequests(ControlHost host, ControlChannel channel, StreamJson stream, AgentOptions options, Func<string, string?> environment)
{
    private static readonly TimeSpan HookLimit = TimeSpan.FromMinutes(1);
    private readonly List<CallbackHook> hooks = [];
    private readonly List<SdkMcpServer> servers = [];

    /// <summary>Whether the session may be switched to skip all questions: only when its start allowed that.</summary>
    public bool MayBypass => (options.SkipPermissions || options.AllowBypass || options.PermissionMode == "bypassPermissions")
        && SessionFactory.WhyNoBypass(environment) is null;

    public async Task HandleAsync(string id, JsonObject request)
    {
        switch (request.Text("subtype"))
        {
            case "initialize":
                Initialize(request);
                channel.Answer(id, Describe());
                break;

            case "interrupt":
                channel.Answer(id, new JsonObject { ["still_queued"] = new JsonArray() });
                host.Interrupt();
                break;

            case "set_permission_mode":
                SetMode(id, request.Text("mode"));
                break;

            case "set_model":
                SetModel(id, request.Text("model"));
                break;

            case "set_max_thinking_tokens":
                options.MaxThinkingTokens = (int?)request.Integer("max_thinking_tokens");

                if (host.Session is { } thinking)
                {
                    thinking.ThinkingTokens = options.MaxThinkingTokens;
                }

                channel.Answer(id, []);
                break;

            case "mcp_status":
                channel.Answer(id, new JsonObject { ["mcpServers"] = McpStatus() });
                break;

            case "get_context_usage":
                channel.Answer(id, host.Session is { } session ? ContextUsage.Of(session) : []);
                break;

            case "get_session_cost":
                channel.Answer(id, new JsonObject { ["total_cost_usd"] = (host.Session?.Spending.SpentNanodollars ?? 0) / 1_000_000_000m });
                break;

            case "list_models":
                channel.Answer(id, new JsonObject { ["models"] = Models() });
                break;

            case "get_binary_version":
                channel.Answer(id, new JsonObject { ["version"] = Program.Version });
                break;

            case "set_has_subscribers":
                channel.Answer(id, []);
                break;

            case var other:
                channel.Refuse(id, $"Unsupported control request subtype: {other}");
                break;
        }

        await Task.CompletedTask;
    }

    /// <summary>Gives a session what initialize asked for.</summary>
    public async Task ConnectAsync(AgentSession session, CancellationToken cancellationToken)
    {
        foreach (var hook in hooks)
        {
            session.Hooks.Add(hook);
        }

        foreach (var server in servers)
        {
            await session.AddServerAsync(server, () => server.ListToolsAsync(cancellationToken));
        }
    }

    private void Initialize(JsonObject request)
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

        foreach (var (eventName, matchers) in request.Object("hooks") ?? [])
        {
            foreach (var matcher in (matchers as JsonArray ?? []).OfType<JsonObject>())
            {
                var limit = matcher.Integer("timeout") is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : HookLimit;

                hooks.AddRange((matcher.Array("hookCallbackIds") ?? []).Select(callback =>
                    new CallbackHook(eventName, matcher.Text("matcher"), callback?.ToString() ?? "", limit, TimeProvider.System, channel)));
            }
        }

        servers.AddRange((request.Array("sdkMcpServers") ?? []).Select(n => n?.ToString()).OfType<string>()
            .Select(n => new SdkMcpServer(n, request.Object("sdkMcpServerManifests").Object(n), channel)));
    }

    private JsonObject Describe() => new()
    {
        ["commands"] = new JsonArray(
            new JsonObject { ["name"] = "compact", ["description"] = "Shorten the conversation, keeping what matters", ["argumentHint"] = "[what to keep]" },
            new JsonObject { ["name"] = "context", ["description"] = "Show what fills the context", ["argumentHint"] = "" },
            new JsonObject { ["name"] = "cost", ["description"] = "Show what the session cost", ["argumentHint"] = "" }),
        ["agents"] = new JsonArray(),
        ["output_style"] = "default",
        ["available_output_styles"] = new JsonArray("default"),
        ["models"] = Models(),
        ["account"] = new JsonObject { ["apiKeySource"] = "environment" },
        ["pid"] = Environment.ProcessId,
        ["claude_code_version"] = Program.Version,
        ["hooks_applied"] = true,
    };

    private JsonArray Models()
    {
        var models = new JsonArray();

        foreach (var model in new[] { host.Session?.Model ?? options.Model, SessionFactory.DefaultModel, "claude-sonnet-5", "claude-haiku-4-5" }.OfType<string>().Distinct())
        {
            models.Add((JsonNode)new JsonObject { ["value"] = model, ["displayName"] = model, ["description"] = "" });
        }

        return models;
    }

    private void SetMode(string id, string? name)
    {
        if (ModeName.Parse(name) is not { } mode)
        {
            channel.Refuse(id, $"Unknown permission mode: {name}");
            return;
        }

        if (mode == PermissionMode.BypassPermissions && !MayBypass)
        {
            channel.Refuse(id, "Cannot set permission mode to bypassPermissions because the session was not launched with --dangerously-skip-permissions");
            return;
        }

        options.PermissionMode = ModeName.Of(mode);

        if (host.Session is { } session)
        {
            session.Permissions.Mode = mode;
        }

        channel.Answer(id, new JsonObject { ["mode"] = ModeName.Of(mode) });

        stream.Line("system", "status", w =>
        {
            w.WriteNull("status");
            w.WriteString("permissionMode", ModeName.Of(mode));
        });
    }

    private void SetModel(string id, string? model)
    {
        model = string.IsNullOrEmpty(model) || model == "default" ? SessionFactory.DefaultModel : model;

        if (options.MaxBudgetUsd is not null && !PriceTable.Of(model).IsKnown)
        {
            channel.Refuse(id, $"No price is known for the model '{model}', so that the budget cannot be kept.");
            return;
        }

        options.Model = model;

        if (host.Session is { } session)
        {
            session.Model = model;
        }

        channel.Answer(id, new JsonObject { ["model"] = model });
    }

    private JsonArray McpStatus()
    {
        var status = new JsonArray();

        foreach (var (name, state) in host.Session?.McpServers ?? [.. servers.Select(s => (s.Name, "pending"))])
        {
            status.Add((JsonNode)new JsonObject { ["name"] = name, ["status"] = state });
        }

        return status;
    }
}
