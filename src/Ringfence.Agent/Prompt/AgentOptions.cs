namespace Ringfence.Agent.Prompt;

/// <summary>What was asked for on the command line, in Claude Code's words.</summary>
internal sealed record AgentOptions
{
    public string? Prompt { get; set; }

    /// <summary>Where to work; null for the current directory.</summary>
    public string? Directory { get; init; }

    public bool Print { get; set; }

    public string OutputFormat { get; set; } = "text";

    public string InputFormat { get; set; } = "text";

    public bool Verbose { get; set; }

    public bool IncludePartialMessages { get; set; }

    public bool IncludeHookEvents { get; set; }

    public bool ReplayUserMessages { get; set; }

    /// <summary>What sub-agents say is told too, not only what they call.</summary>
    public bool ForwardSubAgentText { get; set; }

    /// <summary>Every line of the transcript is told, too.</summary>
    public bool MirrorTranscript { get; set; }

    /// <summary>What the session is called.</summary>
    public string? Title { get; set; }

    public string? Model { get; set; }

    public string? FallbackModel { get; set; }

    public int? MaxTurns { get; set; }

    /// <summary>Dollars.</summary>
    public decimal? MaxBudgetUsd { get; set; }

    public int MaxOutputTokens { get; set; } = 32_000;

    public int? MaxThinkingTokens { get; set; }

    public bool AdaptiveThinking { get; set; }

    public string? Effort { get; set; }

    public string? PermissionMode { get; set; }

    public bool SkipPermissions { get; set; }

    /// <summary>The session may be switched to skip permissions later.</summary>
    public bool AllowBypass { get; set; }

    public string? PermissionPromptTool { get; set; }

    public List<string> AllowedTools { get; init; } = [];

    public List<string> DisallowedTools { get; init; } = [];

    /// <summary>The only tools there shall be; null for all, empty for none.</summary>
    public List<string>? Tools { get; set; }

    public string? SystemPrompt { get; set; }

    public string? AppendSystemPrompt { get; set; }

    public List<string> AddDirectories { get; init; } = [];

    public List<string> McpConfigs { get; init; } = [];

    public bool StrictMcpConfig { get; set; }

    public string? Settings { get; set; }

    public string? ManagedSettings { get; set; }

    /// <summary>Which of user, project and local settings are read; null for all.</summary>
    public string? SettingSources { get; set; }

    public string? Agents { get; set; }

    public string? JsonSchema { get; set; }

    public string? SessionId { get; set; }

    public string? Resume { get; set; }

    public string? ResumeAt { get; set; }

    public bool Continue { get; set; }

    public bool ForkSession { get; set; }

    public bool NoSessionPersistence { get; set; }

    /// <summary>Reads neither memory files nor settings: for scripts that want nothing but what they say.</summary>
    public bool Bare { get; set; }

    /// <summary>Commands run with all the user's rights although walls could be had.</summary>
    public bool NoSandbox { get; set; }

    public string? Provider { get; set; }

    public bool Acp { get; set; }

    public bool ShowVersion { get; set; }

    public bool ShowHelp { get; set; }

    /// <summary>Flags that nobody here knows; a program that drives us may be newer than we are.</summary>
    public List<string> Unknown { get; init; } = [];
}
