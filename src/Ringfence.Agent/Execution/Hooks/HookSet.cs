using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Execution.Hooks;

/// <summary>What all hooks of one event said together: one that forbids outweighs all that allow.</summary>
internal sealed record HookVerdict
{
    /// <summary>Why not; null when nothing forbids.</summary>
    public string? Blocks { get; init; }

    public Verdict? Permission { get; init; }

    public string? PermissionReason { get; init; }

    public JsonObject? UpdatedInput { get; init; }

    /// <summary>What the model shall know besides.</summary>
    public string? Context { get; init; }

    /// <summary>Why everything shall stop; null when it shall go on.</summary>
    public string? Stops { get; init; }
}

/// <summary>The hooks of a session. All that match an event run side by side, and their answers become one.</summary>
internal sealed class HookSet
{
    // Replaced and never changed: hooks come and go while a turn goes on.
    private volatile Hook[] hooks = [];

    /// <summary>What hooks are run for.</summary>
    public static IReadOnlyList<string> Events { get; } =
    [
        "PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionRequest", "UserPromptSubmit", "SessionStart", "SessionEnd", "Stop", "SubagentStart", "SubagentStop", "PreCompact",
    ];

    public IReadOnlyList<Hook> All => hooks;

    public bool Any(string eventName) => Array.Exists(hooks, h => h.EventName == eventName);

    public void Add(Hook hook) => hooks = [.. hooks, hook];

    /// <summary>Makes those of one kind these, and leaves the others.</summary>
    public void Replace<T>(IEnumerable<T> with)
        where T : Hook => hooks = [.. hooks.Where(h => h is not T), .. with];

    public async Task<HookVerdict> RunAsync(
        AgentSession session, string eventName, string? matched, JsonObject details, string? toolUseId, CancellationToken cancellationToken)
    {
        var matching = hooks.Where(h => h.EventName == eventName && h.Matches(matched)).ToArray();

        if (matching.Length == 0)
        {
            return new HookVerdict();
        }

        var input = new JsonObject
        {
            ["session_id"] = session.Id,
            ["transcript_path"] = session.Transcript.SessionPath,
            ["cwd"] = session.Workplace.Directory,
            ["permission_mode"] = ModeName.Of(session.Permissions.Mode),
            ["hook_event_name"] = eventName,
        };

        foreach (var (name, value) in details)
        {
            input[name] = value?.DeepClone();
        }

        var answers = await Task.WhenAll(matching.Select(h => OneAsync(session, h, eventName, matched, input, toolUseId, cancellationToken)));
        return answers.Aggregate(new HookVerdict(), (all, answer) => Join(all, answer, eventName));
    }

    private static async Task<HookAnswer> OneAsync(
        AgentSession session, Hook hook, string eventName, string? matched, JsonObject input, string? toolUseId, CancellationToken cancellationToken)
    {
        var id = session.NewId().ToString();
        var name = matched is null ? eventName : $"{eventName}:{matched}";
        session.Report(new AgentReport.HookRan(new JsonObject { ["subtype"] = "hook_started", ["hook_id"] = id, ["hook_name"] = name, ["hook_event"] = eventName }));
        var answer = await hook.RunAsync((JsonObject)input.DeepClone(), toolUseId, cancellationToken);

        session.Report(new AgentReport.HookRan(new JsonObject
        {
            ["subtype"] = "hook_response", ["hook_id"] = id, ["hook_name"] = name, ["hook_event"] = eventName, ["output"] = answer.Output, ["stdout"] = answer.Output,
            ["stderr"] = answer.Blocks ?? answer.Error ?? "", ["exit_code"] = answer.ExitCode, ["outcome"] = answer.ExitCode == 0 ? "success" : "error",
        }));

        if (answer.Error is { } error)
        {
            session.Report(new AgentReport.Notice($"Hook {name} ({hook.Shown}) {error}"));
        }

        return answer;
    }

    private static HookVerdict Join(HookVerdict all, HookAnswer answer, string eventName)
    {
        if (answer.Blocks is { } why)
        {
            return all with { Blocks = all.Blocks ?? why };
        }

        if (answer.Json is not { } json)
        {
            // What a hook of these two prints is meant for the model.
            var plain = eventName is "UserPromptSubmit" or "SessionStart" ? answer.Output.Trim() : "";
            return plain.Length > 0 && answer.ExitCode == 0 ? all with { Context = Lines(all.Context, plain) } : all;
        }

        var specific = json.Object("hookSpecificOutput");
        var permission = specific.Text("permissionDecision") ?? (json.Text("decision") == "approve" ? "allow" : null);
        var reason = specific.Text("permissionDecisionReason") ?? json.Text("reason");

        // PermissionRequest answers in a form of its own.
        if (specific.Object("decision") is { } decision)
        {
            permission = decision.Text("behavior");
            reason = decision.Text("message") ?? reason;
        }

        var verdict = permission switch { "allow" => Verdict.Allow, "deny" => Verdict.Deny, "ask" or "defer" => Verdict.Ask, _ => (Verdict?)null };
        var strongest = verdict is not null && (all.Permission is null || verdict > all.Permission);

        return all with
        {
            Blocks = all.Blocks ?? (json.Text("decision") == "block" ? reason ?? "Blocked by a hook." : null),
            Permission = strongest ? verdict : all.Permission,
            PermissionReason = strongest ? reason : all.PermissionReason,
            UpdatedInput = specific.Object("updatedInput") ?? specific.Object("decision").Object("updatedInput") ?? all.UpdatedInput,
            Context = specific.Text("additionalContext") is { Length: > 0 } context ? Lines(all.Context, context) : all.Context,
            Stops = all.Stops ?? (json.Flag("continue") is false ? json.Text("stopReason") ?? "Stopped by a hook." : null),
        };
    }

    private static string Lines(string? a, string b) => a is null ? b : a + "\n" + b;
}
