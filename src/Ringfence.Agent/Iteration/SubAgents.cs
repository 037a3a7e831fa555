using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Mcp;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Iteration;

/// <summary>Runs sub-agents: a loop of their own over a conversation of their own, on the same money, under the same rules, told to the same host.</summary>
internal static class SubAgents
{
    private const int MostTurns = 200;

    public static void Offer(AgentSession session, IReadOnlyList<SubAgent> agents)
    {
        if (session.Permissions.Deny.Any(d => d.Specifier is null && d.Tool is "Task" or "Agent") || (session.Options.Tools is { } only && !only.Contains("default") && !only.Contains("Task")))
        {
            return;
        }

        session.Agents = agents;
        session.Tools.Add(new TaskTool(agents, (agent, call, cancellationToken) => RunAsync(session, agent, call, cancellationToken)));
    }

    private static async Task<ToolOutput> RunAsync(AgentSession parent, SubAgent agent, ToolCall call, CancellationToken cancellationToken)
    {
        var resumed = call.Input.Text("resume");
        RestoredSession? restored = null;

        if (resumed is not null && (Restored(parent, resumed, out restored) is { } wrong))
        {
            return ToolOutput.Error(wrong);
        }

        var started = parent.Time.GetTimestamp();
        var id = resumed ?? "a" + RandomNumberGenerator.GetHexString(16, lowercase: true);
        var child = Create(parent, agent, call, id, restored);

        if (parent.Spending.LimitNanodollars is not null && !PriceTable.Of(child.Model).IsKnown)
        {
            return ToolOutput.Error($"No price is known for the model '{child.Model}', so that the budget could not be kept. Use another model.");
        }

        var description = call.Input.Text("description") ?? "";
        var about = new JsonObject { ["agent_id"] = id, ["agent_type"] = agent.Name };
        var hooks = await parent.Hooks.RunAsync(parent, "SubagentStart", agent.Name, about, call.Id, cancellationToken);
        var prompt = new JsonArray(Json.TextBlock(call.Input.Text("prompt")!));

        if (hooks.Context is { } context)
        {
            prompt.Add((JsonNode)Json.TextBlock($"<system-reminder>\n{context}\n</system-reminder>"));
        }

        var inBackground = call.Input.Flag("run_in_background") is true;
        parent.Report(new AgentReport.TaskStarted(id, call.Id, description, agent.Name, inBackground));
        var stop = parent.Running.Begin(id);

        // Before it begins: whoever sees what it does may have it go on in the background at once.
        var moved = inBackground ? Task.CompletedTask : parent.Workplace.Shells.Await(call.Id);
        var work = WorkAsync(parent, child, agent, call, id, prompt, started, stop);

        if (!inBackground && await IsAwaitedAsync(parent, call, id, work, moved, cancellationToken))
        {
            var (output, _) = await work;
            cancellationToken.ThrowIfCancellationRequested();
            return output;
        }

        parent.Running.LetGo(id, NewsAsync(work, id, call, description));
        return LetGo(child, call, id, description);
    }

    /// <summary>Waits for it. False when it shall go on in the background.</summary>
    private static async Task<bool> IsAwaitedAsync(AgentSession parent, ToolCall call, string id, Task work, Task moved, CancellationToken cancellationToken)
    {
        try
        {
            await using var registration = cancellationToken.Register(() => parent.Running.Stop(id));
            return await Task.WhenAny(work, moved) == work;
        }
        finally
        {
            parent.Workplace.Shells.NoLongerAwait(call.Id);
        }
    }

    private static async Task<(ToolOutput Output, string Status)> WorkAsync(
        AgentSession parent, AgentSession child, SubAgent agent, ToolCall call, string id, JsonArray prompt, long started, CancellationToken stop)
    {
        var (status, said) = ("failed", "");

        try
        {
            var result = await new AgentLoop(child).RunAsync(prompt, stop);
            (status, said) = (stop.IsCancellationRequested ? "stopped" : result.IsError ? "failed" : "completed", result.Text);

            return (status switch
            {
                "stopped" => ToolOutput.Error($"The agent was stopped by the user. agentId: {id} (for `resume`)"),
                "failed" => ToolOutput.Error($"The agent did not finish ({result.Subtype}): {(result.Errors.Count > 0 ? string.Join("; ", result.Errors) : result.Text)}"),
                _ => Output(parent, agent, call, id, result, started),
            }, status);
        }
        finally
        {
            parent.Running.End(id);
            parent.Report(new AgentReport.TaskEnded(id, call.Id, status, said, child.Transcript.Path));
            child.Transcript.Dispose();
            child.Workplace.Shells.Dispose();
        }
    }

    /// <summary>What the model is told when one in the background has ended.</summary>
    private static async Task<string> NewsAsync(Task<(ToolOutput Output, string Status)> work, string id, ToolCall call, string description)
    {
        var (status, said) = ("failed", "");

        try
        {
            (var output, status) = await work;
            said = output.Shown;
        }
        catch (Exception e)
        {
            said = e.Message; // Nobody waits for it: what is not told here is never told.
        }

        return $"""
            <system-reminder>
            An agent in the background has ended. This is a message of the program: no user has said, allowed or confirmed anything.
            <task-notification>
            <task-id>{id}</task-id>
            <tool-use-id>{call.Id}</tool-use-id>
            <status>{status}</status>
            <summary>Agent "{description}" {(status == "completed" ? "finished" : status)}</summary>
            <result>{said}</result>
            </task-notification>
            </system-reminder>
            """;
    }

    private static ToolOutput LetGo(AgentSession child, ToolCall call, string id, string description) => new()
    {
        Content = new JsonArray(Json.TextBlock(
            $"The agent works in the background. agentId: {id}. You are told when it has ended; until then you know nothing of what it finds: do not guess it, and leave its part of the work to it. "
            + "Do something else, or end your turn to wait for it.")),
        Details = new JsonObject
        {
            ["isAsync"] = true, ["status"] = "async_launched", ["agentId"] = id, ["description"] = description, ["resolvedModel"] = child.Model,
            ["prompt"] = call.Input.Text("prompt"), ["outputFile"] = child.Transcript.Path,
        },
    };

    private static ToolOutput Output(AgentSession parent, SubAgent agent, ToolCall call, string id, TurnResult result, long started) => new()
    {
        Content = new JsonArray(Json.TextBlock(result.Text.Length > 0 ? result.Text : "(The agent said nothing.)"), Json.TextBlock($"agentId: {id} (for `resume`, to ask it more)")),
        Details = new JsonObject
        {
            ["status"] = "completed", ["prompt"] = call.Input.Text("prompt"), ["agentId"] = id, ["agentType"] = agent.Name, ["content"] = new JsonArray(Json.TextBlock(result.Text)),
            ["totalDurationMs"] = (long)parent.Time.GetElapsedTime(started).TotalMilliseconds, ["totalTokens"] = result.Usage.AllInput + result.Usage.Output,
            ["totalToolUseCount"] = result.Turns - 1, ["usage"] = result.Usage.ToJson(),
        },
    };

    /// <summary>The conversation of a sub-agent that is to go on; else what is wrong.</summary>
    private static string? Restored(AgentSession parent, string id, out RestoredSession? restored)
    {
        restored = null;
        var path = id.All(char.IsAsciiLetterOrDigit) ? parent.Transcript.PathFor(id) : "";

        if (!File.Exists(path))
        {
            return $"No agent of this session has the ID {id}.";
        }

        restored = TranscriptReader.Read(path, null).Restored;
        return null;
    }

    private static AgentSession Create(AgentSession parent, SubAgent agent, ToolCall call, string id, RestoredSession? restored)
    {
        var work = new Workplace(parent.Workplace.Root, Path.Combine(Path.GetTempPath(), $"ringfence-agent-{parent.Id}", id), parent.Time)
        {
            Directory = parent.Workplace.Directory, Journal = parent.Workplace.Journal, Sandbox = parent.Workplace.Sandbox,
        };

        work.AdditionalDirectories.AddRange(parent.Workplace.AdditionalDirectories);

        foreach (var (name, value) in parent.Workplace.Environment)
        {
            work.Environment[name] = value;
        }

        var tools = new ToolBox();
        tools.Add([.. parent.Tools.All.Where(t => t.Name is not ("Task" or StructuredOutputTool.ToolName) && (agent.Tools is null || agent.Tools.Contains(t.Name)))]);
        var model = call.Input.Text("model") is { } asked && asked.Contains('-') ? asked : agent.Model ?? parent.Model;
        var options = new AgentOptions { SystemPrompt = agent.Prompt, MaxOutputTokens = parent.Options.MaxOutputTokens, MaxBudgetUsd = parent.Options.MaxBudgetUsd, MaxTurns = MostTurns };

        var child = new AgentSession
        {
            Id = parent.Id, Options = options, Model = model, Workplace = work, Permissions = parent.Permissions, Tools = tools, Servers = new McpServers(tools),
            Spending = parent.Spending, Models = parent.Models, Endpoint = parent.Endpoint, Host = parent.Host, Time = parent.Time, Checkpoints = parent.Checkpoints,
            Transcript = parent.Transcript.OpenFor(id), ParentToolUseId = call.Id, AgentType = agent.Name,
            System = SystemPrompt.Create(options, work, parent.Memory, model, parent.Time.GetUtcNow()), Hooks = parent.Hooks,
        };

        if (restored is not null)
        {
            child.Conversation.Restore(restored.Messages);
            child.Conversation.CloseOpenCalls("The agent was stopped before this was run.");
        }

        return child;
    }
}
