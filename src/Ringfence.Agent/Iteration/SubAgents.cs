using System.Text.Json.Nodes;
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

        session.AgentNames.AddRange(agents.Select(a => a.Name));
        session.Tools.Add(new TaskTool(agents, (agent, call, cancellationToken) => RunAsync(session, agent, call, cancellationToken)));
    }

    private static async Task<ToolOutput> RunAsync(AgentSession parent, SubAgent agent, ToolCall call, CancellationToken cancellationToken)
    {
        var started = parent.Time.GetTimestamp();
        var child = Create(parent, agent, call);

        if (parent.Spending.LimitNanodollars is not null && !PriceTable.Of(child.Model).IsKnown)
        {
            return ToolOutput.Error($"No price is known for the model '{child.Model}', so that the budget could not be kept. Use another model.");
        }

        await parent.Hooks.RunAsync(parent, "SubagentStart", agent.Name, new JsonObject { ["agent_id"] = call.Id, ["agent_type"] = agent.Name }, call.Id, cancellationToken);

        try
        {
            var result = await new AgentLoop(child).RunAsync([Json.TextBlock(call.Input.Text("prompt")!)], cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();

            if (result.IsError)
            {
                return ToolOutput.Error($"The agent did not finish ({result.Subtype}): {(result.Errors.Count > 0 ? string.Join("; ", result.Errors) : result.Text)}");
            }

            return new ToolOutput
            {
                Content = new JsonArray(Json.TextBlock(result.Text.Length > 0 ? result.Text : "(The agent said nothing.)")),
                Details = new JsonObject
                {
                    ["status"] = "completed", ["prompt"] = call.Input.Text("prompt"), ["agentId"] = call.Id, ["content"] = new JsonArray(Json.TextBlock(result.Text)),
                    ["totalDurationMs"] = (long)parent.Time.GetElapsedTime(started).TotalMilliseconds, ["totalTokens"] = result.Usage.AllInput + result.Usage.Output,
                    ["totalToolUseCount"] = result.Turns - 1, ["usage"] = result.Usage.ToJson(),
                },
            };
        }
        finally
        {
            child.Workplace.Shells.Dispose();
        }
    }

    private static AgentSession Create(AgentSession parent, SubAgent agent, ToolCall call)
    {
        var work = new Workplace(parent.Workplace.Root, Path.Combine(Path.GetTempPath(), $"ringfence-agent-{parent.Id}", Safe(call.Id)), parent.Time) { Directory = parent.Workplace.Directory, Journal = parent.Workplace.Journal, Sandbox = parent.Workplace.Sandbox };
        work.AdditionalDirectories.AddRange(parent.Workplace.AdditionalDirectories);

        foreach (var (name, value) in parent.Workplace.Environment)
        {
            work.Environment[name] = value;
        }

        var tools = new ToolBox();

        foreach (var tool in parent.Tools.All.Where(t => t.Name is not ("Task" or StructuredOutputTool.ToolName) && (agent.Tools is null || agent.Tools.Contains(t.Name))))
        {
            tools.Add(tool);
        }

        var model = call.Input.Text("model") is { } asked && asked.Contains('-') ? asked : agent.Model ?? parent.Model;
        var options = new AgentOptions { SystemPrompt = agent.Prompt, MaxOutputTokens = parent.Options.MaxOutputTokens, MaxBudgetUsd = parent.Options.MaxBudgetUsd, MaxTurns = MostTurns };

        return new AgentSession
        {
            Id = parent.Id, Options = options, Model = model, Workplace = work, Permissions = parent.Permissions, Tools = tools, Spending = parent.Spending,
            Models = parent.Models, Endpoint = parent.Endpoint, Host = parent.Host, Time = parent.Time, Transcript = parent.Transcript, ParentToolUseId = call.Id,
            System = SystemPrompt.Create(options, work, parent.Memory, model, parent.Time.GetUtcNow()), Hooks = parent.Hooks,
        };
    }

    private static string Safe(string id) => string.Concat(id.Where(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'));
}
