using System.Text.Json.Nodes;
using Ringfence.Agent.Context;
using Ringfence.Agent.Execution;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Iteration;

/// <summary>The agentic loop: ask the model, run the tools that it calls, tell it what came of it, until it is done or a limit says stop.</summary>
internal sealed class AgentLoop(AgentSession session)
{
    private readonly ToolRunner tools = new(session);
    private readonly PaidCalls calls = new(session);
    private readonly RepeatedCalls repeated = new();
    private readonly TurnEnding judge = new(session);
    private readonly long started = session.Time.GetTimestamp();
    private Guid promptId;
    private JsonNode said = "";
    private string? stopReason;
    private int turns;
    private int told;

    /// <param name="id">Names the prompt in streams and files; null makes one up.</param>
    public async Task<TurnResult> RunAsync(JsonArray prompt, CancellationToken cancellationToken, Guid? id = null)
    {
        promptId = id ?? session.NewId();
        said = prompt is [JsonObject only] && only.Text("type") == "text" ? only["text"]!.DeepClone() : prompt.DeepClone();

        if (session.ParentToolUseId is not null)
        {
            Take(prompt);
            return await WorkOrStopAsync(null, cancellationToken);
        }

        session.Report(new AgentReport.TurnStarted(session));
        var result = await WorkOrStopAsync(prompt, cancellationToken);
        session.Report(new AgentReport.TurnEnded(session, result));
        return result;
    }

    private async Task<TurnResult> WorkOrStopAsync(JsonArray? prompt, CancellationToken cancellationToken)
    {
        try
        {
            return prompt is null ? await WorkAsync(cancellationToken)
                : said is JsonValue && PromptCommand.TryParse(said.ToString()) is { } command ? await ObeyAsync(command, cancellationToken)
                : await BeginAsync(prompt, cancellationToken) ?? await WorkAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Interrupted("aborted_streaming");
        }
    }

    /// <summary>Does what a prompt wants of this program; the model is not told of it.</summary>
    private async Task<TurnResult> ObeyAsync(PromptCommand command, CancellationToken cancellationToken)
    {
        if (command.Name == "compact")
        {
            await CompactAsync("manual", command.Argument, cancellationToken);
            return Ended("success", "completed");
        }

        return Ended("success", "completed", command.Name == "cost" ? session.Spending.Describe() : ContextUsage.Describe(session));
    }

    /// <summary>Takes the prompt up, unless a hook refuses it.</summary>
    private async Task<TurnResult?> BeginAsync(JsonArray prompt, CancellationToken cancellationToken)
    {
        var details = new JsonObject { ["prompt"] = string.Join('\n', prompt.Select(b => b.Text("text")).OfType<string>()) };
        var hooks = await session.Hooks.RunAsync(session, "UserPromptSubmit", null, details, null, cancellationToken);

        if ((hooks.Blocks ?? hooks.Stops) is { } why)
        {
            return Ended("success", "hook_stopped", "Operation stopped by hook: " + why);
        }

        if (session.Running.TakeNews() is { } news)
        {
            prompt.Add((JsonNode)Json.TextBlock(news));
        }

        if ((hooks.Context, session.PendingContext) is not (null, null))
        {
            prompt.Add((JsonNode)Json.TextBlock($"<system-reminder>\n{string.Join('\n', new[] { session.PendingContext, hooks.Context }.OfType<string>())}\n</system-reminder>"));
            session.PendingContext = null;
        }

        Take(prompt);
        return null;
    }

    private void Take(JsonArray prompt)
    {
        session.Conversation.AddUser(prompt);
        session.Report(new AgentReport.Prompted(prompt, said) { Uuid = promptId });

        if (session.ParentToolUseId is null)
        {
            session.Checkpoints?.Begin(promptId.ToString());
        }
    }

    private async Task<TurnResult> WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (reply, noReply) = await AskAsync(cancellationToken);

            if (reply is null)
            {
                return noReply!;
            }

            session.Conversation.AddAssistant(reply);
            Report(reply);

            if (await (reply.ToolUses.Any() ? UseToolsAsync(reply, cancellationToken) : EndOrGoOnAsync(reply, cancellationToken)) is { } result)
            {
                return result;
            }
        }
    }

    /// <summary>The model's next answer, or how the turn ends without one.</summary>
    private async Task<(ModelReply? Reply, TurnResult? Result)> AskAsync(CancellationToken cancellationToken)
    {
        if (++turns > (session.Options.MaxTurns ?? int.MaxValue))
        {
            return (null, Ended("error_max_turns", "max_turns", errors: [$"Reached maximum number of turns ({session.Options.MaxTurns})"]));
        }

        await session.Servers.RefreshAsync(cancellationToken);

        for (var shortened = false; ;)
        {
            if (Compaction.IsDue(session))
            {
                await CompactAsync("auto", null, cancellationToken);
            }

            switch (await calls.AskAsync(cancellationToken))
            {
                case null:
                    return (null, Ended("error_max_budget_usd", "budget_exhausted", errors:
                        [$"Reached maximum budget (${session.Options.MaxBudgetUsd}): the next call could cost more than is left."]));

                // Once: what does not fit when it has been shortened will not fit after another time.
                case ModelAnswer.Failed { Failure.IsTooLong: true } when session.Conversation.Messages.Count > 2 && !shortened:
                    shortened = true;
                    await CompactAsync("auto", null, cancellationToken);
                    break;

                case ModelAnswer.Failed { Failure.Status: 404 or >= 429 } when session.Options.FallbackModel is { } other && other != session.Model:
                    session.Report(new AgentReport.Notice($"{session.Model} does not answer; going on with {other}."));
                    session.Model = other;
                    break;

                case ModelAnswer.Failed { Failure: var failure }:
                    return (null, Failed(failure));

                case ModelAnswer.Replied { Reply: var reply }:
                    stopReason = reply.StopReason;
                    return (reply, null);
            }
        }
    }

    /// <summary>Runs what the model calls and tells it what came of it. Null when the work goes on.</summary>
    private async Task<TurnResult?> UseToolsAsync(ModelReply reply, CancellationToken cancellationToken)
    {
        var uses = reply.ToolUses.ToArray();
        var results = await tools.RunAsync(uses, cancellationToken);
        told += results.Count;
        repeated.Add(uses, results.Select(r => r.Result));
        var content = new JsonArray([.. results.Select(r => r.Result.DeepClone())]);

        if (repeated.Count == RepeatedCalls.TellsAfter)
        {
            content.Add((JsonNode)Json.TextBlock($"<system-reminder>\nThe same call has now been made {repeated.Count} times with the same result. Do something else, or say what stands in the way.\n</system-reminder>"));
        }

        if (session.Running.TakeNews() is { } news)
        {
            content.Add((JsonNode)Json.TextBlock(news));
        }

        if (tools.TakeContext() is { } context)
        {
            content.Add((JsonNode)Json.TextBlock($"<system-reminder>\n{context}\n</system-reminder>"));
        }

        session.Conversation.AddUser(content);

        if (cancellationToken.IsCancellationRequested || tools.StoppedBecause is not null)
        {
            return Interrupted("aborted_tools");
        }

        if (repeated.Count >= RepeatedCalls.StopsAfter)
        {
            return Ended("error_during_execution", "repeated_calls", errors: [$"The model made the same call {repeated.Count} times in a row with the same result."]);
        }

        return results.FirstOrDefault(r => r.Output.EndsTurn) is { Output: { } last }
            ? Ended("success", "completed", last.Shown, reply.StopReason) with { StructuredOutput = last.Details } : null;
    }

    /// <summary>The model calls nothing: it is done, or is told why it is not. Null when the work goes on.</summary>
    private async Task<TurnResult?> EndOrGoOnAsync(ModelReply reply, CancellationToken cancellationToken)
    {
        if (reply.StopReason == "pause_turn")
        {
            return null; // the provider asks to be called again with what it has said so far
        }

        var (more, ending) = await judge.JudgeAsync(reply, cancellationToken);

        if (more is not null)
        {
            told++;
            session.Conversation.AddUser([Json.TextBlock(more)]);
            session.Report(new AgentReport.Injected(more));
            return null;
        }

        // It is done for now: what its agents in the background find may be what it needs to be done.
        if (ending is TurnEnding.Ending.Done && await session.Running.NextAsync(cancellationToken) is { } news)
        {
            told++;
            session.Conversation.AddUser([Json.TextBlock(news)]);
            session.Report(new AgentReport.Injected(news));
            return null;
        }

        return ending switch
        {
            TurnEnding.Ending.Failed failed => Failed(failed.Failure, failed.StopReason),
            TurnEnding.Ending.WithoutStructure without => Ended("error_max_structured_output_retries", "structured_output_retry_exhausted", errors: [without.Why]),
            _ => Ended("success", "completed", reply.Text, reply.StopReason),
        };
    }

    /// <summary>Shortens the conversation; the call this takes is paid like any other.</summary>
    public Task CompactAsync(string trigger, string? wish, CancellationToken cancellationToken) =>
        Compaction.RunAsync(session, trigger, wish, calls.AskAsideAsync, cancellationToken);

    private void Report(ModelReply reply, ModelFailure? failure = null)
    {
        foreach (var block in reply.Content.OfType<JsonObject>().Where(b => b.Text("type") != "text" || !string.IsNullOrEmpty(b.Text("text"))))
        {
            session.Report(new AgentReport.Spoke(reply, block, failure));
        }
    }

    private TurnResult Failed(ModelFailure failure, string stopReason = "stop_sequence")
    {
        var text = failure.Status is { } status ? $"API Error: {status} {failure.Message}" : $"API Error: {failure.Message}";
        var said = new ModelReply(session.NewId().ToString(), "<synthetic>", [Json.TextBlock(text)], stopReason, default, failure.RequestId);
        Report(said, failure);
        return Ended("success", "api_error", text, stopReason) with { IsError = true, Failure = failure };
    }

    private TurnResult Interrupted(string reason)
    {
        const string Said = "[Request interrupted by user]";
        session.Conversation.CloseOpenCalls(Said);
        session.Conversation.AddUser([Json.TextBlock(Said)]);
        told++;
        session.Report(new AgentReport.Injected(Said, IsOurs: false));
        return Ended("error_during_execution", reason, errors: [tools.StoppedBecause ?? "The request was interrupted."]);
    }

    private TurnResult Ended(string subtype, string reason, string text = "", string? ending = null, IReadOnlyList<string>? errors = null) => new()
    {
        Subtype = subtype,
        IsError = subtype != "success",
        Text = text,
        TerminalReason = reason,
        StopReason = ending ?? stopReason,
        Errors = errors ?? [],
        // As programs know it: every message to the model is one; a limit of turns counts its answers.
        Turns = reason == "max_turns" ? turns : told + 1,
        Usage = calls.Usage,
        Duration = session.Time.GetElapsedTime(started),
        ModelDuration = calls.Time,
        Denials = tools.Denials,
    };
}
