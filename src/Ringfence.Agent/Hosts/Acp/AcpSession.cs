using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts.Acp;

/// <summary>One session as an editor sees it: text as it comes, calls with their state, differences it can show, and questions it can ask its user.</summary>
internal sealed class AcpSession(AcpChannel channel, string id) : IAgentHost
{
    private readonly Lock gate = new();
    private CancellationTokenSource? turn;

    public AgentSession Agent { get; set; } = null!;

    public async Task<JsonObject> PromptAsync(JsonArray prompt)
    {
        using var source = new CancellationTokenSource();

        lock (gate)
        {
            turn = turn is null ? source : throw new AcpException(AcpChannel.InvalidParams, "A prompt is already being worked on in this session.");
        }

        try
        {
            var result = await new AgentLoop(Agent).RunAsync(Content(prompt), source.Token);

            if (result.Failure is { } failure)
            {
                throw new AcpException(AcpChannel.InternalError, failure.Message);
            }

            if (result.IsError && result.TerminalReason is not ("aborted_streaming" or "aborted_tools"))
            {
                Say("agent_message_chunk", string.Join("; ", result.Errors));
            }

            return new JsonObject { ["stopReason"] = StopReason(result) };
        }
        finally
        {
            lock (gate)
            {
                turn = null;
            }
        }
    }

    public void Cancel()
    {
        lock (gate)
        {
            turn?.Cancel();
        }
    }

    public void Report(AgentReport report)
    {
        if (report.ParentToolUseId is not null)
        {
            return;
        }

        switch (report)
        {
            case AgentReport.Streamed { Event: var e } when e.Object("delta") is { } delta:
                Say("agent_message_chunk", delta.Text("text"));
                Say("agent_thought_chunk", delta.Text("thinking"));
                break;

            case AgentReport.Spoke { Block: var block } when block.Text("type") == "tool_use":
                Update("tool_call", Describe(block, "pending"));
                break;

            case AgentReport.ToolStarted { OutputFile: "" } started:
                Update("tool_call_update", new JsonObject { ["toolCallId"] = started.Use.Text("id"), ["status"] = "in_progress" });
                break;

            case AgentReport.ToolReturned returned:
                Returned(returned);
                break;

            case AgentReport.TurnEnded ended:
                Update("usage_update", new JsonObject
                {
                    ["used"] = Agent.Conversation.Tokens, ["size"] = PriceTable.Of(Agent.Model).ContextWindow,
                    ["cost"] = new JsonObject { ["amount"] = ended.Session.Spending.SpentNanodollars / 1_000_000_000m, ["currency"] = "USD" },
                });
                break;
        }
    }

    public async Task<PermissionAnswer?> AskAsync(PermissionQuestion question, CancellationToken cancellationToken)
    {
        static JsonObject Option(string id, string name) => new() { ["optionId"] = id, ["name"] = name, ["kind"] = id };

        try
        {
            var answer = await channel.AskAsync("session/request_permission", new JsonObject
            {
                ["sessionId"] = id,
                ["toolCall"] = Describe(new JsonObject { ["id"] = question.Call.Id, ["name"] = question.Tool.Name, ["input"] = question.Call.Input.DeepClone() }, "pending"),
                ["options"] = new JsonArray(Option("allow_once", "Allow"), Option("allow_always", "Always allow"), Option("reject_once", "Reject")),
            }, cancellationToken);

            return answer.Object("outcome").Text("optionId") switch
            {
                "allow_once" => new PermissionAnswer.Granted(),
                "allow_always" => new PermissionAnswer.Granted(Apply: policy => PermissionUpdate.Apply(
                    policy, Agent.Workplace, PermissionUpdate.Suggestions(question.Tool.Name, question.Subject, Agent.Workplace), mayBypass: false)),
                _ => new PermissionAnswer.Refused("The user rejected this. Ask what they want instead, or go on without it."),
            };
        }
        catch (AcpException e)
        {
            return new PermissionAnswer.Refused($"The question could not be asked: {e.Message}");
        }
    }

    public void Replay(string role, JsonArray content)
    {
        foreach (var text in content.Where(b => b.Text("type") == "text").Select(b => b.Text("text")))
        {
            Say(role == "user" ? "user_message_chunk" : "agent_message_chunk", text);
        }
    }

    private void Returned(AgentReport.ToolReturned returned)
    {
        var content = new JsonArray();

        if (returned.Use.Text("name") == "TodoWrite" && returned.Details.Array("newTodos") is { } todos)
        {
            Update("plan", new JsonObject { ["entries"] = Entries(todos) });
        }

        if (returned.Details.Array("structuredPatch") is not null && returned.Details.Text("filePath") is { } path)
        {
            content.Add((JsonNode)new JsonObject
            {
                ["type"] = "diff", ["path"] = path, ["oldText"] = returned.Details.Text("oldString") ?? returned.Details.Text("originalFile"),
                ["newText"] = returned.Details.Text("newString") ?? returned.Details.Text("content") ?? "",
            });
        }
        else
        {
            var text = returned.Result["content"] is JsonArray blocks ? string.Join('\n', blocks.Select(b => b.Text("text"))) : returned.Result["content"]?.ToString() ?? "";
            content.Add((JsonNode)new JsonObject { ["type"] = "content", ["content"] = Json.TextBlock(text) });
        }

        Update("tool_call_update", new JsonObject
        {
            ["toolCallId"] = returned.Use.Text("id"), ["status"] = returned.Result.Flag("is_error") is true ? "failed" : "completed", ["content"] = content,
        });
    }

    private JsonObject Describe(JsonObject use, string status)
    {
        var name = use.Text("name") ?? "";
        var input = use.Object("input") ?? [];
        var path = input.Text("file_path") ?? input.Text("path");

        var call = new JsonObject
        {
            ["toolCallId"] = use.Text("id"), ["title"] = $"{name} {input.Text("command") ?? path ?? input.Text("pattern") ?? input.Text("description") ?? ""}".TrimEnd(),
            ["kind"] = name switch
            {
                "Read" => "read", "Edit" or "MultiEdit" or "Write" => "edit", "Glob" or "Grep" => "search", "Bash" or "BashOutput" or "KillShell" => "execute",
                "WebFetch" => "fetch", "TodoWrite" or "Task" => "think", _ => "other",
            },
            ["status"] = status, ["rawInput"] = input.DeepClone(),
        };

        if (path is not null)
        {
            call["locations"] = new JsonArray(new JsonObject { ["path"] = Agent.Workplace.Resolve(path) });
        }

        return call;
    }

    private static JsonArray Entries(JsonArray todos)
    {
        var entries = new JsonArray();

        foreach (var todo in todos)
        {
            entries.Add((JsonNode)new JsonObject { ["content"] = todo.Text("content"), ["priority"] = "medium", ["status"] = todo.Text("status") });
        }

        return entries;
    }

    private static JsonArray Content(JsonArray prompt)
    {
        var content = new JsonArray();

        foreach (var block in prompt.OfType<JsonObject>())
        {
            content.Add((JsonNode)(block.Text("type") switch
            {
                "image" => new JsonObject
                {
                    ["type"] = "image", ["source"] = new JsonObject { ["type"] = "base64", ["media_type"] = block.Text("mimeType"), ["data"] = block.Text("data") },
                },
                "resource_link" => Json.TextBlock($"[{block.Text("name")}]({block.Text("uri")})"),
                "resource" => Json.TextBlock($"<file uri=\"{block.Object("resource").Text("uri")}\">\n{block.Object("resource").Text("text")}\n</file>"),
                _ => Json.TextBlock(block.Text("text") ?? ""),
            }));
        }

        return content;
    }

    private static string StopReason(TurnResult result) => result switch
    {
        { TerminalReason: "aborted_streaming" or "aborted_tools" } => "cancelled",
        { IsError: true } => "max_turn_requests",
        { StopReason: "max_tokens" } => "max_tokens",
        { StopReason: "refusal" } => "refusal",
        _ => "end_turn",
    };

    private void Say(string kind, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            Update(kind, new JsonObject { ["content"] = Json.TextBlock(text) });
        }
    }

    private void Update(string kind, JsonObject update)
    {
        update.Insert(0, "sessionUpdate", kind);
        channel.Notify("session/update", new JsonObject { ["sessionId"] = id, ["update"] = update });
    }
}
