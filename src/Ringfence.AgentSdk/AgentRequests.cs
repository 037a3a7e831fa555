using System.Globalization;
using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>Answers what the agent asks of this program: permissions, hooks, tools.</summary>
internal static class AgentRequests
{
    public static async Task<JsonObject> AnswerAsync(AgentOptions options, JsonObject request, CancellationToken cancellationToken) => (string?)request["subtype"] switch
    {
        "can_use_tool" => await PermitAsync(options, request, cancellationToken),
        "hook_callback" => await HookAsync(options, request, cancellationToken),
        "mcp_message" => await ServeAsync(options, request, cancellationToken),
        "elicitation" => options.OnElicitation is { } ask ? await ask(request, cancellationToken) : new JsonObject { ["action"] = "decline" },
        var other => throw new AgentException($"Unsupported control request subtype: {other}"),
    };

    private static async Task<JsonObject> PermitAsync(AgentOptions options, JsonObject request, CancellationToken cancellationToken)
    {
        var input = request["input"]?.DeepClone() as JsonObject ?? [];

        var question = new PermissionRequest(
            (string?)request["tool_name"] ?? "", input, (string?)request["blocked_path"],
            [.. (request["permission_suggestions"] as JsonArray ?? []).OfType<JsonObject>().Select(s => new PermissionUpdate(s))], (string?)request["tool_use_id"]);

        return await options.CanUseTool!(question, cancellationToken) switch
        {
            PermissionDecision.Allow allow => new JsonObject
            {
                ["behavior"] = "allow", ["updatedInput"] = (allow.Input ?? input).DeepClone(), ["toolUseID"] = question.ToolUseId,
                ["updatedPermissions"] = new JsonArray([.. (allow.Updates ?? []).Select(u => u.Json.DeepClone())]),
            },
            PermissionDecision.Deny deny => new JsonObject
            {
                ["behavior"] = "deny", ["message"] = deny.Message, ["interrupt"] = deny.Interrupt, ["toolUseID"] = (string?)request["tool_use_id"],
            },
            _ => throw new InvalidOperationException("A permission is allowed or denied."),
        };
    }

    private static async Task<JsonObject> HookAsync(AgentOptions options, JsonObject request, CancellationToken cancellationToken)
    {
        var hook = options.Hooks[int.Parse((string?)request["callback_id"] ?? "", CultureInfo.InvariantCulture)];
        return await hook.RunAsync(request["input"]?.DeepClone() as JsonObject ?? [], cancellationToken) ?? [];
    }

    private static async Task<JsonObject> ServeAsync(AgentOptions options, JsonObject request, CancellationToken cancellationToken)
    {
        var tools = options.Tools[(string?)request["server_name"] ?? ""];
        var message = request["message"] as JsonObject ?? [];
        var parameters = message["params"] as JsonObject ?? [];

        JsonObject? result = (string?)message["method"] switch
        {
            "initialize" => new JsonObject
            {
                ["protocolVersion"] = (string?)parameters["protocolVersion"] ?? "2025-06-18", ["capabilities"] = new JsonObject { ["tools"] = new JsonObject() },
                ["serverInfo"] = new JsonObject { ["name"] = (string?)request["server_name"], ["version"] = "1.0.0" },
            },
            "tools/list" => new JsonObject { ["tools"] = new JsonArray([.. tools.Select(Describe)]) },
            "tools/call" when tools.FirstOrDefault(t => t.Name == (string?)parameters["name"]) is { } tool =>
                await tool.CallAsync(parameters["arguments"]?.DeepClone() as JsonObject ?? [], cancellationToken),
            "ping" or "notifications/initialized" => [],
            _ => null,
        };

        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = message["id"]?.DeepClone() };
        answer[result is null ? "error" : "result"] = result ?? new JsonObject { ["code"] = -32601, ["message"] = $"Method or tool not found: {message["method"]} {parameters["name"]}" };
        return new JsonObject { ["mcp_response"] = answer };
    }

    private static JsonNode Describe(AgentTool tool) =>
        new JsonObject { ["name"] = tool.Name, ["description"] = tool.Description, ["inputSchema"] = tool.InputSchema.DeepClone() };
}
