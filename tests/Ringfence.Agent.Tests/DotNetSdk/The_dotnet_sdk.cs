using System.Text.Json.Nodes;
using Ringfence.AgentSdk;

namespace Ringfence.Tests.DotNetSdk;

public sealed class The_dotnet_sdk
{
    [Fact]
    public async Task Tells_the_work_as_typed_messages()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Write, input: { file_path: made.txt, content: x } }]
              - text: Done.
            """);

        var messages = await CodingAgent.QueryAsync("go", Options(agent) with { PermissionMode = "acceptEdits", MaxTurns = 20, MaxBudgetUsd = 2 }, Token).ToListAsync(Token);

        Assert.Equal("acceptEdits", Assert.IsType<AgentMessage.Started>(messages[0]).PermissionMode);
        Assert.Equal("Write", messages.OfType<AgentMessage.Assistant>().SelectMany(a => a.Content).OfType<ContentBlock.ToolUse>().Single().Name);
        Assert.False(messages.OfType<AgentMessage.User>().SelectMany(a => a.Content).OfType<ContentBlock.ToolResult>().Single().IsError);
        var result = Assert.IsType<AgentMessage.Result>(messages[^1]);
        Assert.Equal(("success", "Done."), (result.Subtype, result.Text));
        Assert.Equal("x", agent.Read("made.txt"));
    }

    [Fact]
    public async Task Decides_changes_hooks_and_lends_tools()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync(
            """
            turns:
              - calls:
                  - { tool: Bash, input: { command: "rm -rf x" } }
                  - { tool: Write, input: { file_path: no.txt, content: x } }
                  - { tool: mcp__calc__add, input: { a: 2, b: 3.5 } }
                  - { tool: mcp__calc__fail, input: {} }
              - require:
                  - result: { tool: Bash, contains: "from the host" }
                  - result: { tool: Write, contains: "The tree is frozen.", error: true }
                  - result: { tool: mcp__calc__add, contains: "5.5" }
                  - result: { tool: mcp__calc__fail, contains: "as it must", error: true }
                text: ok
            """);

        var options = Options(agent) with
        {
            CanUseTool = (request, _) => Task.FromResult<PermissionDecision>(request.Tool == "Bash"
                ? new PermissionDecision.Allow(new JsonObject { ["command"] = "echo from the host" }) : new PermissionDecision.Deny("no")),
            Hooks = [new AgentHook("PreToolUse", "Write", (_, _) => Task.FromResult<JsonObject?>(AgentHook.Deny("The tree is frozen.")))],
            Tools = new Dictionary<string, IReadOnlyList<AgentTool>>
            {
                ["calc"] =
                [
                    AgentTool.From("add", "adds two numbers", (double a, double b) => a + b),
                    AgentTool.From("fail", "fails", string () => throw new InvalidOperationException("as it must")),
                ],
            },
            AllowedTools = ["mcp__calc"],
        };

        var result = await CodingAgent.QueryAsync("go", options, Token).OfType<AgentMessage.Result>().SingleAsync(Token);

        Assert.Equal("ok", result.Text);
        Assert.Empty(agent.Model.Mismatches);
    }

    [Fact]
    public async Task Holds_a_conversation_that_can_be_interrupted_and_changed()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "sleep 60" } }]
              - require: [{ model: simulated-small }, { user: "go on" }]
                text: ok
            """);

        await using var session = await AgentSession.StartAsync(Options(agent), Token);
        AgentMessage? last = null;

        await foreach (var message in session.SendAsync("wait", Token))
        {
            if (message is AgentMessage.Assistant)
            {
                await session.InterruptAsync(Token);
            }

            last = message;
        }

        Assert.Equal("error_during_execution", Assert.IsType<AgentMessage.Result>(last).Subtype);
        await session.SetModelAsync("simulated-small", Token);
        Assert.Equal("ok", (await session.SendAsync("go on", Token).OfType<AgentMessage.Result>().SingleAsync(Token)).Text);
    }

    [Fact]
    public async Task Gives_the_answer_in_the_form_that_was_asked_for()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync("{ turns: [{ calls: [{ tool: StructuredOutput, input: { answer: 42 } }] }] }");
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["answer"] = new JsonObject { ["type"] = "integer" } } };

        var result = await CodingAgent.QueryAsync("go", Options(agent) with { OutputSchema = schema }, Token).OfType<AgentMessage.Result>().SingleAsync(Token);

        Assert.Equal(42, (int)result.StructuredOutput!["answer"]!);
    }

    [Fact]
    public async Task Says_why_the_agent_could_not_start()
    {
        var missing = new AgentOptions { Command = ["/no/such/agent"] };
        Assert.Contains("could not be started", (await Assert.ThrowsAsync<AgentException>(() => AgentSession.StartAsync(missing, Token))).Message, StringComparison.Ordinal);

        await using var agent = await Support.AgentProcess.WithModelAsync("{ turns: [{ text: never }] }");
        var wrong = Options(agent) with { Resume = "22222222-2222-4333-8444-555555555555" };
        Assert.Contains("No conversation found", (await Assert.ThrowsAsync<AgentException>(() => AgentSession.StartAsync(wrong, Token))).Message, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static AgentOptions Options(Support.AgentProcess agent)
    {
        var start = agent.Prepare("dotnet", []);

        return new AgentOptions
        {
            Command = ["dotnet", Support.AgentProcess.Executable], WorkingDirectory = agent.Workspace, Model = "simulated-model",
            Environment = start.Environment.ToDictionary(p => p.Key, p => p.Value),
        };
    }
}
