using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>A call of a tool that no rule decides.</summary>
/// <param name="BlockedPath">The file it is about, where it is about one.</param>
/// <param name="Suggestions">What would spare the same question next time.</param>
/// <param name="ToolUseId">Names the call in the messages.</param>
public sealed record PermissionRequest(string Tool, JsonObject Input, string? BlockedPath, IReadOnlyList<PermissionUpdate> Suggestions, string? ToolUseId = null);

/// <summary>The answer to a <see cref="PermissionRequest"/>.</summary>
public abstract record PermissionDecision
{
    /// <param name="Input">What the tool shall run with; null leaves it as the model wrote it.</param>
    /// <param name="Updates">What holds from now on besides; the request's suggestions can be handed back as they are.</param>
    public sealed record Allow(JsonObject? Input = null, IReadOnlyList<PermissionUpdate>? Updates = null) : PermissionDecision;

    /// <param name="Message">What the model is told.</param>
    /// <param name="Interrupt">Ends the work on this prompt.</param>
    public sealed record Deny(string Message, bool Interrupt = false) : PermissionDecision;
}

/// <summary>A change of the rules, for this session.</summary>
/// <param name="Json">In the agents' form.</param>
public sealed record PermissionUpdate(JsonObject Json)
{
    /// <param name="rule">What of it: <c>git *</c> for Bash, a path for files; null for all.</param>
    public static PermissionUpdate Allow(string tool, string? rule = null) => Rule("allow", tool, rule);

    /// <inheritdoc cref="Allow"/>
    public static PermissionUpdate Deny(string tool, string? rule = null) => Rule("deny", tool, rule);

    /// <inheritdoc cref="Allow"/>
    public static PermissionUpdate Ask(string tool, string? rule = null) => Rule("ask", tool, rule);

    /// <param name="mode"><c>default</c>, <c>acceptEdits</c>, <c>plan</c>, <c>dontAsk</c> or <c>bypassPermissions</c>.</param>
    public static PermissionUpdate Mode(string mode) => new(new JsonObject { ["type"] = "setMode", ["mode"] = mode, ["destination"] = "session" });

    /// <summary>Further directories that may be worked in.</summary>
    public static PermissionUpdate Directories(params IEnumerable<string> directories) =>
        new(new JsonObject { ["type"] = "addDirectories", ["directories"] = new JsonArray([.. directories.Select(d => (JsonNode)d)]), ["destination"] = "session" });

    private static PermissionUpdate Rule(string behavior, string tool, string? rule)
    {
        var named = new JsonObject { ["toolName"] = tool };

        if (rule is not null)
        {
            named["ruleContent"] = rule;
        }

        return new(new JsonObject { ["type"] = "addRules", ["rules"] = new JsonArray(named), ["behavior"] = behavior, ["destination"] = "session" });
    }
}
