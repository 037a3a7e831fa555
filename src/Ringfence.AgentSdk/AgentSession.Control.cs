using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <remarks>Every method here throws an <see cref="AgentException"/> when the agent refuses, does not know the request, or is gone.</remarks>
public sealed partial class AgentSession
{
    /// <summary>Ends the work on the prompt; its result still comes, and the session goes on.</summary>
    public Task InterruptAsync(CancellationToken cancellationToken = default) => AskAsync("interrupt", cancellationToken);

    /// <param name="model">Null for the agent's own.</param>
    public Task SetModelAsync(string? model, CancellationToken cancellationToken = default) => AskAsync("set_model", cancellationToken, ("model", model ?? "default"));

    /// <param name="mode"><c>default</c>, <c>acceptEdits</c>, <c>plan</c>, <c>dontAsk</c> or, where the start allowed it, <c>bypassPermissions</c>.</param>
    public Task SetPermissionModeAsync(string mode, CancellationToken cancellationToken = default) => AskAsync("set_permission_mode", cancellationToken, ("mode", mode));

    /// <param name="tokens">0 switches thinking off; null for what the session began with.</param>
    public Task SetMaxThinkingTokensAsync(int? tokens, CancellationToken cancellationToken = default) =>
        AskAsync("set_max_thinking_tokens", cancellationToken, ("max_thinking_tokens", tokens));

    /// <summary>Lays settings over those of the start: <c>permissions</c>, <c>model</c>, <c>env</c>, …</summary>
    public Task ApplySettingsAsync(JsonObject settings, CancellationToken cancellationToken = default) =>
        AskAsync("apply_flag_settings", cancellationToken, ("settings", settings.DeepClone()));

    /// <summary>Puts the files that the file tools changed back to what they were when a prompt came; needs <see cref="AgentOptions.FileCheckpoints"/>.</summary>
    /// <param name="prompt">As it was named when it was sent.</param>
    /// <param name="tryOnly">Says what would be done and changes nothing.</param>
    public async Task<FilesRewound> RewindFilesAsync(Guid prompt, bool tryOnly = false, CancellationToken cancellationToken = default) =>
        FilesRewound.Parse(await AskAsync("rewind_files", cancellationToken, ("user_message_id", prompt.ToString()), ("dry_run", tryOnly)));

    public async Task<IReadOnlyList<McpServerStatus>> McpServersAsync(CancellationToken cancellationToken = default) =>
        [.. ((await AskAsync("mcp_status", cancellationToken))["mcpServers"] as JsonArray ?? []).Select(s => McpServerStatus.Parse(s!))];

    /// <summary>Makes the tool servers that were added along the way these: new ones are connected, missing ones ended.</summary>
    public async Task<McpServersChanged> SetMcpServersAsync(IReadOnlyDictionary<string, McpServer> servers, CancellationToken cancellationToken = default)
    {
        var wanted = new JsonObject(servers.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value.ToJson())));
        var answer = await AskAsync("mcp_set_servers", cancellationToken, ("servers", wanted));

        return new McpServersChanged(
            [.. (answer["added"] as JsonArray ?? []).Select(n => n!.ToString())], [.. (answer["removed"] as JsonArray ?? []).Select(n => n!.ToString())],
            (answer["errors"] as JsonObject ?? []).ToDictionary(e => e.Key, e => e.Value?.ToString() ?? "", StringComparer.Ordinal));
    }

    public Task ReconnectMcpServerAsync(string name, CancellationToken cancellationToken = default) => AskAsync("mcp_reconnect", cancellationToken, ("serverName", name));

    public Task SetMcpServerEnabledAsync(string name, bool enabled, CancellationToken cancellationToken = default) =>
        AskAsync("mcp_toggle", cancellationToken, ("serverName", name), ("enabled", enabled));

    /// <summary>Ends a command in the background or a sub-agent.</summary>
    /// <param name="id">The <c>task_id</c> of its <c>task_started</c> message.</param>
    public Task StopTaskAsync(string id, CancellationToken cancellationToken = default) => AskAsync("stop_task", cancellationToken, ("task_id", id));

    /// <summary>Has a command that the model waits for go on in the background.</summary>
    /// <param name="toolUseId">The call; null for all of them.</param>
    /// <returns>False when there is no such call.</returns>
    public async Task<bool> MoveToBackgroundAsync(string? toolUseId = null, CancellationToken cancellationToken = default) =>
        (bool?)(toolUseId is null ? await AskAsync("background_tasks", cancellationToken) : await AskAsync("background_tasks", cancellationToken, ("tool_use_id", toolUseId)))["backgrounded"] ?? true;

    public Task RenameAsync(string title, CancellationToken cancellationToken = default) => AskAsync("rename_session", cancellationToken, ("title", title));

    /// <summary>What fills the model's window: <c>categories</c>, <c>totalTokens</c>, <c>maxTokens</c>, <c>percentage</c>, …</summary>
    public Task<JsonObject> ContextUsageAsync(CancellationToken cancellationToken = default) => AskAsync("get_context_usage", cancellationToken);

    /// <summary>Any request of the control protocol, for what has no method here.</summary>
    /// <param name="request">With its <c>subtype</c>.</param>
    public Task<JsonObject> RequestAsync(JsonObject request, CancellationToken cancellationToken = default) => agent.AskAsync(request, cancellationToken);

    private Task<JsonObject> AskAsync(string subtype, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var request = new JsonObject { ["subtype"] = subtype };

        foreach (var (name, value) in fields)
        {
            request[name] = value;
        }

        return agent.AskAsync(request, cancellationToken);
    }
}

/// <summary>What putting files back did, or would do.</summary>
/// <param name="Changed">Paths of the files.</param>
/// <param name="Insertions">Lines that came.</param>
/// <param name="Deletions">Lines that went.</param>
/// <param name="Error">Why it could not be done; null when it was.</param>
public sealed record FilesRewound(IReadOnlyList<string> Changed, int Insertions, int Deletions, string? Error)
{
    internal static FilesRewound Parse(JsonObject answer) => new(
        [.. (answer["filesChanged"] as JsonArray ?? []).Select(f => f!.ToString())], (int?)answer["insertions"] ?? 0, (int?)answer["deletions"] ?? 0,
        (bool?)answer["canRewind"] is true ? null : (string?)answer["error"] ?? "refused");
}
