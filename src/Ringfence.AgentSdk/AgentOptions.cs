using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>How the agent is started and what it may do. What is not set is left to the agent and its settings files.</summary>
public sealed record AgentOptions
{
    /// <summary>Program and first arguments; <c>ringfence-agent</c> from the PATH by default. <c>["claude"]</c> drives Claude Code.</summary>
    public IReadOnlyList<string> Command { get; init; } = ["ringfence-agent"];

    public string? WorkingDirectory { get; init; }

    /// <summary>Variables besides those of this process; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public string? Model { get; init; }

    public int? MaxTurns { get; init; }

    /// <summary>Dollars.</summary>
    public decimal? MaxBudgetUsd { get; init; }

    /// <summary>In place of the agent's own.</summary>
    public string? SystemPrompt { get; init; }

    public string? AppendSystemPrompt { get; init; }

    /// <summary>Rules such as <c>Read</c> or <c>Bash(git *)</c>.</summary>
    public IReadOnlyList<string> AllowedTools { get; init; } = [];

    public IReadOnlyList<string> DisallowedTools { get; init; } = [];

    /// <summary><c>default</c>, <c>acceptEdits</c>, <c>plan</c>, <c>dontAsk</c> or <c>bypassPermissions</c>.</summary>
    public string? PermissionMode { get; init; }

    /// <summary>Decides what no rule decides. Without it such calls are denied.</summary>
    public Func<PermissionRequest, CancellationToken, Task<PermissionDecision>>? CanUseTool { get; init; }

    public IReadOnlyList<AgentHook> Hooks { get; init; } = [];

    /// <summary>Tools of this process, by the name of the server they appear under: <c>mcp__SERVER__TOOL</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<AgentTool>> Tools { get; init; } = new Dictionary<string, IReadOnlyList<AgentTool>>();

    /// <summary>JSON Schema that the answer must match; it then comes as <see cref="AgentMessage.Result.StructuredOutput"/>.</summary>
    public JsonObject? OutputSchema { get; init; }

    /// <summary>A session to go on with.</summary>
    public string? Resume { get; init; }

    /// <summary>Goes on with the last session of the directory.</summary>
    public bool Continue { get; init; }

    /// <summary>Goes on as a new session and leaves the old one alone.</summary>
    public bool ForkSession { get; init; }

    public bool IncludePartialMessages { get; init; }

    /// <summary>Further flags, as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Told every line of the agent's standard error.</summary>
    public Action<string>? OnStandardError { get; init; }

    internal IEnumerable<string> Arguments()
    {
        foreach (var argument in (string[])["--output-format", "stream-json", "--verbose", "--input-format", "stream-json"])
        {
            yield return argument;
        }

        foreach (var (name, value) in ((string, string?)[])
        [
            ("model", Model), ("max-turns", MaxTurns?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("max-budget-usd", MaxBudgetUsd?.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("permission-mode", PermissionMode), ("resume", Resume),
            ("allowedTools", AllowedTools.Count > 0 ? string.Join(',', AllowedTools) : null), ("disallowedTools", DisallowedTools.Count > 0 ? string.Join(',', DisallowedTools) : null),
            ("json-schema", OutputSchema?.ToJsonString()), ("permission-prompt-tool", CanUseTool is null ? null : "stdio"),
        ])
        {
            if (value is not null)
            {
                yield return $"--{name}={value}";
            }
        }

        foreach (var (name, wanted) in ((string, bool)[])[("--continue", Continue), ("--fork-session", ForkSession), ("--include-partial-messages", IncludePartialMessages)])
        {
            if (wanted)
            {
                yield return name;
            }
        }

        if (Tools.Count > 0)
        {
            var servers = new JsonObject(Tools.Keys.Select(n => KeyValuePair.Create(n, (JsonNode?)new JsonObject { ["type"] = "sdk", ["name"] = n })));
            yield return "--mcp-config";
            yield return new JsonObject { ["mcpServers"] = servers }.ToJsonString();
        }

        foreach (var argument in ExtraArguments)
        {
            yield return argument;
        }
    }
}

/// <param name="Suggestions">Rules that would spare the same question next time, in the agent's form.</param>
public sealed record PermissionRequest(string Tool, JsonObject Input, string? BlockedPath, JsonArray Suggestions);

public abstract record PermissionDecision
{
    /// <param name="Input">What the tool shall run with; null leaves it as the model wrote it.</param>
    public sealed record Allow(JsonObject? Input = null) : PermissionDecision;

    /// <param name="Message">What the model is told.</param>
    /// <param name="Interrupt">Ends the work on this prompt.</param>
    public sealed record Deny(string Message, bool Interrupt = false) : PermissionDecision;
}

/// <summary>A function that is called when something happens, and may have a say in it.</summary>
/// <param name="Event"><c>PreToolUse</c>, <c>PostToolUse</c>, <c>UserPromptSubmit</c>, <c>Stop</c>, …</param>
/// <param name="Matcher">Regular expression over the tool's name; null for all.</param>
/// <param name="RunAsync">Gets the event, returns an answer in the hooks' form; null for none.</param>
public sealed record AgentHook(string Event, string? Matcher, Func<JsonObject, CancellationToken, Task<JsonObject?>> RunAsync)
{
    /// <summary>The answer of a <c>PreToolUse</c> hook that forbids.</summary>
    public static JsonObject Deny(string reason) => new()
    {
        ["hookSpecificOutput"] = new JsonObject { ["hookEventName"] = "PreToolUse", ["permissionDecision"] = "deny", ["permissionDecisionReason"] = reason },
    };
}

/// <summary>The agent could not be started, broke the protocol, or refused a request.</summary>
public sealed class AgentException(string message, Exception? inner = null) : Exception(message, inner);
