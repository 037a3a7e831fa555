using System.Globalization;
using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>Options as the command line that both agents know.</summary>
internal static class AgentArguments
{
    public static IEnumerable<string> Of(AgentOptions o)
    {
        string?[] arguments =
        [
            "--output-format", "stream-json", "--verbose", "--input-format", "stream-json",
            Value("model", o.Model), Value("fallback-model", o.FallbackModel), Value("effort", o.Effort), Value("max-thinking-tokens", o.MaxThinkingTokens),
            Value("max-turns", o.MaxTurns), Value("max-budget-usd", o.MaxBudgetUsd), Value("permission-mode", o.PermissionMode),
            Value("allowedTools", List(o.AllowedTools)), Value("disallowedTools", List(o.DisallowedTools)), Value("tools", o.BuiltInTools is { } tools ? string.Join(',', tools) : null),
            .. o.AdditionalDirectories.Select(d => Value("add-dir", d)),
            Value("settings", o.Settings?.ToJsonString()), Value("setting-sources", o.SettingSources is { } sources ? string.Join(',', sources) : null),
            Value("json-schema", o.OutputSchema?.ToJsonString()), Value("permission-prompt-tool", o.CanUseTool is null ? null : "stdio"),
            Value("session-id", o.SessionId), Value("resume", o.Resume), Value("resume-session-at", o.ResumeAt),
            Switch("continue", o.Continue), Switch("fork-session", o.ForkSession), Switch("no-session-persistence", !o.PersistSession),
            Switch("include-partial-messages", o.IncludePartialMessages), Switch("include-hook-events", o.IncludeHookEvents), Switch("strict-mcp-config", o.StrictMcpConfig),
            Switch("allow-dangerously-skip-permissions", o.AllowBypassPermissions),
            Value("mcp-config", Servers(o)?.ToJsonString()),
            .. o.ExtraArguments,
        ];

        return arguments.OfType<string>();
    }

    private static JsonObject? Servers(AgentOptions o)
    {
        var own = o.Tools.Keys.Select(n => KeyValuePair.Create(n, (JsonNode?)new JsonObject { ["type"] = "sdk", ["name"] = n }));
        var servers = new JsonObject(own.Concat(o.McpServers.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value.ToJson()))));
        return servers.Count == 0 ? null : new JsonObject { ["mcpServers"] = servers };
    }

    private static string? List(IReadOnlyList<string> items) => items.Count > 0 ? string.Join(',', items) : null;

    private static string? Value(string name, object? value) => value is null ? null : string.Create(CultureInfo.InvariantCulture, $"--{name}={value}");

    private static string? Switch(string name, bool wanted) => wanted ? "--" + name : null;
}
