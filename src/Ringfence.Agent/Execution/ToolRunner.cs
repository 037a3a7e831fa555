using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Models;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution;

/// <summary>Runs the calls of one answer: those that only read side by side, the others one after another, in the model's order.</summary>
internal sealed class ToolRunner(AgentSession session)
{
    private readonly List<JsonObject> denials = [];

    public IReadOnlyList<JsonObject> Denials => denials;

    /// <summary>A person or a hook has said that the turn ends here.</summary>
    public string? StoppedBecause { get; private set; }

    public async Task<IReadOnlyList<(JsonObject Result, ToolOutput Output)>> RunAsync(IReadOnlyList<JsonObject> uses, CancellationToken cancellationToken)
    {
        var results = new List<(JsonObject, ToolOutput)>();

        for (var i = 0; i < uses.Count;)
        {
            var batch = uses.Skip(i).TakeWhile(u => session.Tools.Find(u.Text("name") ?? "") is { ReadsOnly: true }).ToArray();
            batch = batch.Length == 0 ? [uses[i]] : batch;

            foreach (var (use, outcome) in batch.Zip(await Task.WhenAll(batch.Select(u => OneAsync(u, cancellationToken)))))
            {
                results.Add((Result(use, outcome), outcome.Output));
            }

            i += batch.Length;
        }

        return results;
    }

    private sealed record Outcome(ToolOutput Output, JsonObject? Decision);

    private async Task<Outcome> OneAsync(JsonObject use, CancellationToken cancellationToken)
    {
        var name = use.Text("name") ?? "";
        var input = use.Object("input") ?? [];

        if (StoppedBecause is not null)
        {
            return new Outcome(ToolOutput.Error("Not run: " + StoppedBecause), null);
        }

        if (session.Tools.Find(name) is not { } tool)
        {
            return new Outcome(ToolOutput.Error($"No such tool available: {name}. There are: {string.Join(", ", session.Tools.Names)}."), null);
        }

        if (Invalid(tool, input) is { } wrong)
        {
            return new Outcome(ToolOutput.Error(wrong), null);
        }

        var call = new ToolCall(use.Text("id") ?? "", (JsonObject)input.DeepClone(), session.Workplace, file => session.Report(new AgentReport.ToolStarted(use, file)));
        var (granted, decision, refusal) = await MayRunAsync(tool, call, use, cancellationToken);

        if (refusal is not null)
        {
            return new Outcome(ToolOutput.Error(refusal), decision);
        }

        try
        {
            session.Report(new AgentReport.ToolStarted(use, ""));

            if (tool.Subject(granted!.Input, session.Workplace) is { Kind: ToolKind.Edit, Target: var file })
            {
                session.Checkpoints?.Before(file);
            }

            return new Outcome(await AfterAsync(granted, tool, await tool.RunAsync(granted, cancellationToken), cancellationToken), decision);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new Outcome(ToolOutput.Error("Interrupted by the user before it was done."), decision);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            // A tool that fails in a way nobody foresaw costs one answer, not the session.
            return new Outcome(ToolOutput.Error($"{name} failed: {e.Message}"), decision);
        }
    }

    private async Task<(ToolCall? Granted, JsonObject Decision, string? Refusal)> MayRunAsync(Tool tool, ToolCall call, JsonObject use, CancellationToken cancellationToken)
    {
        var hooks = await session.Hooks.RunAsync(session, "PreToolUse", tool.Name, Details(tool, call), call.Id, cancellationToken);
        StoppedBecause ??= hooks.Stops;

        if ((hooks.Blocks ?? (hooks.Permission == Verdict.Deny ? hooks.PermissionReason ?? "Denied by a hook." : null) ?? hooks.Stops) is { } blocked)
        {
            var why = hooks.Blocks is null ? blocked : $"PreToolUse:{tool.Name} hook error: {blocked}";
            return (null, Deny(use, "hook", why, "hook"), why);
        }

        if (hooks.UpdatedInput is { } updated)
        {
            if (Invalid(tool, updated) is { } bad)
            {
                return (null, Deny(use, "hook", bad, "hook"), bad);
            }

            call = call with { Input = (JsonObject)updated.DeepClone() };
        }

        AddContext(hooks.Context);
        var subject = tool.Subject(call.Input, session.Workplace);
        var decision = session.Permissions.Decide(tool.Name, subject, session.Workplace);

        // A hook may spare the question, but it does not outweigh a rule that forbids.
        if (decision.Verdict == Verdict.Allow && hooks.Permission == Verdict.Ask)
        {
            decision = new PermissionDecision(Verdict.Ask, "hook", hooks.PermissionReason ?? "A hook asks for permission.");
        }
        else if (decision.Verdict == Verdict.Ask && hooks.Permission == Verdict.Allow)
        {
            decision = new PermissionDecision(Verdict.Allow, "hook", hooks.PermissionReason ?? "Allowed by a hook.");
        }

        if (decision.Verdict == Verdict.Allow)
        {
            return (call, Decided("accept", decision.ReasonType == "hook" ? "hook" : "config", subject.Kind == ToolKind.Internal ? null : decision.ReasonType), null);
        }

        if (decision.Verdict == Verdict.Deny)
        {
            return (null, Deny(use, decision.ReasonType, decision.Reason, "config"), decision.Reason);
        }

        var requested = await session.Hooks.RunAsync(session, "PermissionRequest", tool.Name, Details(tool, call), call.Id, cancellationToken);

        if (requested.Permission == Verdict.Allow)
        {
            return (call with { Input = requested.UpdatedInput ?? call.Input }, Decided("accept", "hook", "hook"), null);
        }

        if (requested.Permission == Verdict.Deny)
        {
            var why = requested.PermissionReason ?? "Denied by a hook.";
            return (null, Deny(use, "hook", why, "hook"), why);
        }

        switch (await session.Host.AskAsync(new PermissionQuestion(tool, call, subject, decision.Reason), cancellationToken))
        {
            case PermissionAnswer.Granted granted:
                var input = granted.Input ?? call.Input;
                granted.Apply?.Invoke(session.Permissions);

                return Invalid(tool, input) is { } wrong
                    ? (null, Deny(use, null, wrong, "user_reject"), wrong)
                    : (call with { Input = input }, Decided("accept", "user_temporary"), null);

            case PermissionAnswer.Refused refused:
                StoppedBecause = refused.Interrupt ? refused.Message : null;
                return (null, Deny(use, null, refused.Message, "user_reject"), refused.Message);

            default:
                var reason = decision.Reason + " There is nobody to ask; work without it, or say what is needed.";
                return (null, Deny(use, decision.ReasonType == "mode" ? null : decision.ReasonType, reason, "config", wasAsked: true), reason);
        }
    }

    /// <summary>What hooks have to say for the model beside the results.</summary>
    private string? context;

    public string? TakeContext() => Interlocked.Exchange(ref context, null);

    private void AddContext(string? more)
    {
        lock (denials)
        {
            context = more is null ? context : context is null ? more : context + "\n" + more;
        }
    }

    private async Task<ToolOutput> AfterAsync(ToolCall call, Tool tool, ToolOutput output, CancellationToken cancellationToken)
    {
        var name = output.IsError ? "PostToolUseFailure" : "PostToolUse";

        if (!session.Hooks.Any(name))
        {
            return output;
        }

        var details = Details(tool, call);
        details[output.IsError ? "error" : "tool_response"] = output.Details?.DeepClone() ?? output.Content.DeepClone();
        var hooks = await session.Hooks.RunAsync(session, name, tool.Name, details, call.Id, cancellationToken);
        AddContext(hooks.Context);
        AddContext(hooks.Blocks);
        StoppedBecause ??= hooks.Stops;
        return output;
    }

    private static JsonObject Details(Tool tool, ToolCall call) =>
        new() { ["tool_name"] = tool.Name, ["tool_input"] = call.Input.DeepClone(), ["tool_use_id"] = call.Id };

    /// <param name="wasAsked">No rule forbids it: somebody could have allowed it.</param>
    private JsonObject Deny(JsonObject use, string? reasonType, string message, string source, bool wasAsked = false)
    {
        lock (denials)
        {
            denials.Add(new JsonObject { ["tool_name"] = use.Text("name"), ["tool_use_id"] = use.Text("id"), ["tool_input"] = use["input"]?.DeepClone() });
        }

        session.Report(new AgentReport.Denied(use, reasonType, message, source));
        return Decided("reject", source, wasAsked ? null : reasonType);
    }

    private static string? Invalid(Tool tool, JsonObject input)
    {
        if (input.Count == 1 && input.Text(ReplyBuilder.MalformedInput) is { } text)
        {
            return $"InputValidationError: the input of {tool.Name} is not a JSON object, perhaps because the answer was cut off. It was: {(text.Length > 200 ? text[..200] + "…" : text)}";
        }

        var errors = JsonSchema.Check(tool.InputSchema, input);
        return errors.Count == 0 ? null : $"InputValidationError: {tool.Name} failed due to the following {(errors.Count == 1 ? "issue" : "issues")}:\n{string.Join('\n', errors)}";
    }

    private JsonObject Result(JsonObject use, Outcome outcome)
    {
        var result = new JsonObject
        {
            ["tool_use_id"] = use.Text("id"),
            ["type"] = "tool_result",
            ["content"] = outcome.Output.Content.DeepClone(),
            ["is_error"] = outcome.Output.IsError,
        };

        session.Report(new AgentReport.ToolReturned(use, result, outcome.Output.Details, outcome.Decision));
        return result;
    }

    private static JsonObject Decided(string decision, string source, string? reasonType = null)
    {
        var decided = new JsonObject { ["decision"] = decision, ["source"] = source };

        if (reasonType is not null)
        {
            decided["reason_type"] = reasonType;
        }

        return decided;
    }
}
