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

    /// <summary>Takes over when the model does not answer.</summary>
    public string? FallbackModel { get; init; }

    /// <summary>Tokens that the model may think before it answers; 0 switches thinking off.</summary>
    public int? MaxThinkingTokens { get; init; }

    /// <summary><c>low</c>, <c>medium</c>, <c>high</c>, …</summary>
    public string? Effort { get; init; }

    /// <summary>Calls of the model for one prompt, at least 1. At the limit the result is <c>error_max_turns</c>.</summary>
    public int? MaxTurns { get; init; }

    /// <summary>Dollars, above 0, for the whole session. <c>ringfence-agent</c> never passes it; <c>claude</c> looks after each call.</summary>
    public decimal? MaxBudgetUsd { get; init; }

    /// <summary>In place of the agent's own.</summary>
    public string? SystemPrompt { get; init; }

    public string? AppendSystemPrompt { get; init; }

    /// <summary>The only built-in tools there shall be; null for all, empty for none.</summary>
    public IReadOnlyList<string>? BuiltInTools { get; init; }

    /// <summary>Further directories that may be worked in.</summary>
    public IReadOnlyList<string> AdditionalDirectories { get; init; } = [];

    /// <summary>Sub-agents, by name.</summary>
    public IReadOnlyDictionary<string, SubAgent> Agents { get; init; } = new Dictionary<string, SubAgent>();

    /// <summary>Settings laid over those of the files, in the form of <c>settings.json</c>: <c>permissions</c>, <c>hooks</c>, <c>sandbox</c>, <c>env</c>, …</summary>
    public JsonObject? Settings { get; init; }

    /// <summary>Which settings files are read: <c>user</c>, <c>project</c>, <c>local</c>; null for all, empty for none.</summary>
    public IReadOnlyList<string>? SettingSources { get; init; }

    /// <summary>Rules such as <c>Read</c> or <c>Bash(git *)</c>.</summary>
    public IReadOnlyList<string> AllowedTools { get; init; } = [];

    public IReadOnlyList<string> DisallowedTools { get; init; } = [];

    /// <summary><c>default</c>, <c>acceptEdits</c>, <c>plan</c>, <c>dontAsk</c> or <c>bypassPermissions</c>.</summary>
    public string? PermissionMode { get; init; }

    /// <summary>The mode may be switched to <c>bypassPermissions</c> along the way.</summary>
    public bool AllowBypassPermissions { get; init; }

    /// <summary>Decides what no rule decides. Without it such calls are denied.</summary>
    public Func<PermissionRequest, CancellationToken, Task<PermissionDecision>>? CanUseTool { get; init; }

    public IReadOnlyList<AgentHook> Hooks { get; init; } = [];

    /// <summary>Tools of this process, by the name of the server they appear under: <c>mcp__SERVER__TOOL</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<AgentTool>> Tools { get; init; } = new Dictionary<string, IReadOnlyList<AgentTool>>();

    /// <summary>Tool servers in processes of their own or behind a URL, by name.</summary>
    public IReadOnlyDictionary<string, McpServer> McpServers { get; init; } = new Dictionary<string, McpServer>();

    /// <summary>Only the tool servers given here, none of <c>.mcp.json</c>.</summary>
    public bool StrictMcpConfig { get; init; }

    /// <summary>Answers what a tool server asks the user: gets <c>message</c> and <c>requested_schema</c>, returns <c>action</c> and <c>content</c>. Without it such questions are declined.</summary>
    public Func<JsonObject, CancellationToken, Task<JsonObject>>? OnElicitation { get; init; }

    /// <summary>JSON Schema that the answer must match; it then comes as <see cref="AgentMessage.Result.StructuredOutput"/>.</summary>
    public JsonObject? OutputSchema { get; init; }

    /// <summary>Keeps copies of the files that the file tools change, for <see cref="AgentSession.RewindFilesAsync"/>.</summary>
    public bool FileCheckpoints { get; init; }

    /// <summary>Names a new session; a UUID.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>What people shall call the session.</summary>
    public string? Title { get; init; }

    /// <summary>False leaves no transcript, so that the session cannot be resumed.</summary>
    public bool PersistSession { get; init; } = true;

    /// <summary>Goes on from this message of the resumed session as if what came after had not been said.</summary>
    public string? ResumeAt { get; init; }

    /// <summary>A session to go on with.</summary>
    public string? Resume { get; init; }

    /// <summary>Goes on with the last session of the directory.</summary>
    public bool Continue { get; init; }

    /// <summary>Goes on as a new session and leaves the old one alone.</summary>
    public bool ForkSession { get; init; }

    /// <summary>Answers also come as <see cref="AgentMessage.Partial"/> while they are written.</summary>
    public bool IncludePartialMessages { get; init; }

    /// <summary>Hooks of the settings are told of, as <see cref="AgentMessage.Other"/>.</summary>
    public bool IncludeHookEvents { get; init; }

    /// <summary>What sub-agents say is told too, not only what they call.</summary>
    public bool ForwardSubAgentText { get; init; }

    /// <summary>Further flags, as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Told every line of the agent's standard error.</summary>
    public Action<string>? OnStandardError { get; init; }
}
