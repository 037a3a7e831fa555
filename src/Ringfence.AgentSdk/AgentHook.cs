using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>A function that is called when something happens, and may have a say in it.</summary>
/// <param name="Event">
/// <c>PreToolUse</c>, <c>PostToolUse</c>, <c>PostToolUseFailure</c>, <c>PermissionRequest</c>, <c>UserPromptSubmit</c>, <c>SessionStart</c>, <c>SessionEnd</c>, <c>Stop</c>,
/// <c>SubagentStart</c>, <c>SubagentStop</c>, <c>PreCompact</c>; <c>claude</c> knows more.
/// </param>
/// <param name="Matcher">Regular expression over the tool's name, the kind of sub-agent, …; null for all.</param>
/// <param name="RunAsync">Gets the event, returns an answer in the hooks' form; null for none.</param>
public sealed record AgentHook(string Event, string? Matcher, Func<JsonObject, CancellationToken, Task<JsonObject?>> RunAsync)
{
    /// <summary>How long the agent waits for it, in whole seconds; null for its own limit (1 minute).</summary>
    public TimeSpan? Limit { get; init; }

    /// <summary>When the function throws or takes too long, what it was asked about does not happen; else it goes on and the failure is reported.</summary>
    public bool BlocksWhenItFails { get; init; }

    /// <summary>The answer of a <c>PreToolUse</c> hook that forbids.</summary>
    public static JsonObject Deny(string reason) => Specific("PreToolUse", ("permissionDecision", "deny"), ("permissionDecisionReason", reason));

    /// <summary>The answer of a <c>PreToolUse</c> hook that allows, whatever the mode; a rule that denies still counts.</summary>
    /// <param name="input">What the tool shall run with; null leaves it as the model wrote it.</param>
    public static JsonObject Allow(JsonObject? input = null) => Specific("PreToolUse", ("permissionDecision", "allow"), ("updatedInput", input?.DeepClone()));

    /// <summary>The answer that tells the model something besides.</summary>
    /// <param name="eventName">The event it answers.</param>
    public static JsonObject Tell(string eventName, string context) => Specific(eventName, ("additionalContext", context));

    /// <summary>The answer that says no to a prompt, or has the model go on when it wants to stop; it is told why.</summary>
    public static JsonObject Block(string reason) => new() { ["decision"] = "block", ["reason"] = reason };

    /// <summary>The answer that ends the work on the prompt.</summary>
    public static JsonObject End(string reason) => new() { ["continue"] = false, ["stopReason"] = reason };

    private static JsonObject Specific(string eventName, params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var specific = new JsonObject { ["hookEventName"] = eventName };

        foreach (var (name, value) in fields)
        {
            if (value is not null)
            {
                specific[name] = value;
            }
        }

        return new JsonObject { ["hookSpecificOutput"] = specific };
    }
}
