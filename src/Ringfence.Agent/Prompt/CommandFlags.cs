using System.Globalization;

namespace Ringfence.Agent.Prompt;

/// <summary>What may follow a flag.</summary>
internal enum Takes
{
    Nothing,
    One,
    Maybe,
    Several,
}

/// <param name="Apply">Takes the value up, or says what is wrong with it.</param>
internal sealed record CommandFlag(Takes Takes, Func<AgentOptions, string, string?> Apply);

/// <summary>Every flag and what it sets.</summary>
internal static class CommandFlags
{
    private static readonly string[] Modes = ["default", "manual", "acceptEdits", "bypassPermissions", "dontAsk", "plan", "auto"];

    public static CommandFlag? Find(string name) => name switch
    {
        "-p" or "--print" => Switch(o => o.Print = true),
        "--verbose" => Switch(o => o.Verbose = true),
        "--output-format" => Choice(["text", "json", "stream-json"], (o, v) => o.OutputFormat = v),
        "--input-format" => Choice(["text", "stream-json"], (o, v) => o.InputFormat = v),
        "--include-partial-messages" => Switch(o => o.IncludePartialMessages = true),
        "--include-hook-events" => Switch(o => o.IncludeHookEvents = true),
        "--replay-user-messages" => Switch(o => o.ReplayUserMessages = true),
        "--forward-subagent-text" => Switch(o => o.ForwardSubAgentText = true),
        "--session-mirror" => Switch(o => o.MirrorTranscript = true),
        "--model" => Text((o, v) => o.Model = v),
        "--fallback-model" => Text((o, v) => o.FallbackModel = v),
        "--max-turns" => new(Takes.One, (o, v) => Whole(v, 1, n => o.MaxTurns = n)),
        "--max-budget-usd" => new(Takes.One, Budget),
        "--max-thinking-tokens" => new(Takes.One, (o, v) => Whole(v, 0, n => o.MaxThinkingTokens = n)),
        "--thinking" => Choice(["adaptive", "enabled", "disabled"], (o, v) => (o.AdaptiveThinking, o.MaxThinkingTokens) = (v != "disabled", v == "disabled" ? 0 : o.MaxThinkingTokens)),
        "--effort" => Text((o, v) => o.Effort = v),
        "--permission-mode" => Choice(Modes, (o, v) => o.PermissionMode = v),
        "--dangerously-skip-permissions" => Switch(o => o.SkipPermissions = true),
        "--allow-dangerously-skip-permissions" => Switch(o => o.AllowBypass = true),
        "--permission-prompt-tool" => Text((o, v) => o.PermissionPromptTool = v),
        "--allowedTools" or "--allowed-tools" => Several((o, v) => o.AllowedTools.Add(v)),
        "--disallowedTools" or "--disallowed-tools" => Several((o, v) => o.DisallowedTools.Add(v)),
        "--tools" => Several((o, v) => (o.Tools ??= []).AddRange(v.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))),
        "--system-prompt" => Text((o, v) => o.SystemPrompt = v),
        "--system-prompt-file" => new(Takes.One, (o, v) => FromFile(v, t => o.SystemPrompt = t)),
        "--append-system-prompt" => Text((o, v) => o.AppendSystemPrompt = v),
        "--append-system-prompt-file" => new(Takes.One, (o, v) => FromFile(v, t => o.AppendSystemPrompt = t)),
        "--add-dir" => Several((o, v) => o.AddDirectories.Add(v)),
        "--mcp-config" => Several((o, v) => o.McpConfigs.Add(v)),
        "--strict-mcp-config" => Switch(o => o.StrictMcpConfig = true),
        "--settings" => Text((o, v) => o.Settings = v),
        "--managed-settings" => Text((o, v) => o.ManagedSettings = v),
        "--setting-sources" => Text((o, v) => o.SettingSources = v),
        "--agents" => Text((o, v) => o.Agents = v),
        "--json-schema" => Text((o, v) => o.JsonSchema = v),
        "--session-id" => new(Takes.One, (o, v) => { o.SessionId = v; return Guid.TryParse(v, out _) ? null : "It must be a valid UUID."; }),
        "-r" or "--resume" => new(Takes.Maybe, (o, v) => { o.Resume = v; return null; }),
        "--resume-session-at" => Text((o, v) => o.ResumeAt = v),
        "-c" or "--continue" => Switch(o => o.Continue = true),
        "--fork-session" => Switch(o => o.ForkSession = true),
        "--no-session-persistence" => Switch(o => o.NoSessionPersistence = true),
        "--bare" => Switch(o => o.Bare = true),
        "--no-sandbox" => Switch(o => o.NoSandbox = true),
        "--provider" => Choice(["anthropic", "openai-responses", "openai-chat", "gemini"], (o, v) => o.Provider = v),
        "--acp" => Switch(o => o.Acp = true),
        "-v" or "--version" => Switch(o => o.ShowVersion = true),
        "-h" or "--help" => Switch(o => o.ShowHelp = true),

        // Known to Claude Code and of no effect here.
        "--debug" => new(Takes.Maybe, (_, _) => null),
        "--debug-file" or "--betas" or "--task-budget" or "--thinking-display" or "--permission-prompts" or "--plugin-dir" or "--agent" => Text((_, _) => { }),
        "--await-initialize" or "--ide" or "--no-chrome" => Switch(_ => { }),
        _ => null,
    };

    private static CommandFlag Switch(Action<AgentOptions> set) => new(Takes.Nothing, (o, _) => { set(o); return null; });

    private static CommandFlag Text(Action<AgentOptions, string> set) => new(Takes.One, (o, v) => { set(o, v); return null; });

    private static CommandFlag Several(Action<AgentOptions, string> add) => new(Takes.Several, (o, v) => { add(o, v); return null; });

    private static CommandFlag Choice(string[] choices, Action<AgentOptions, string> set) => new(Takes.One, (o, v) =>
    {
        set(o, v);
        return choices.Contains(v) ? null : $"Allowed choices are {string.Join(", ", choices)}.";
    });

    private static string? Whole(string text, int least, Action<int> set)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < least)
        {
            return $"It must be a whole number of at least {least}.";
        }

        set(number);
        return null;
    }

    private static string? Budget(AgentOptions options, string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars) || dollars <= 0 || dollars > 1_000_000_000)
        {
            return "It must be an amount of dollars above zero.";
        }

        options.MaxBudgetUsd = dollars;
        return null;
    }

    private static string? FromFile(string path, Action<string> set)
    {
        try
        {
            set(File.ReadAllText(path));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
