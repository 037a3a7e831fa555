using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
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

    private sealed record Answer(int Number, string Why);

    [Fact]
    public async Task Gives_the_answer_as_a_type_or_says_why_there_is_none()
    {
        var type = (JsonTypeInfo<Answer>)JsonSerializerOptions.Web.GetTypeInfo(typeof(Answer));
        await using var agent = await Support.AgentProcess.WithModelAsync("{ turns: [{ calls: [{ tool: StructuredOutput, input: { number: 42, why: it is } }] }, { status: 403, error: 'permission_error: no' }] }");

        Assert.Equal(new Answer(42, "it is"), await CodingAgent.AnswerAsync("go", type, Options(agent), Token));
        Assert.Contains("403", (await Assert.ThrowsAsync<AgentException>(() => CodingAgent.AnswerAsync("go", type, Options(agent), Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Puts_files_back_to_a_prompt()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync(
            "{ turns: [{ calls: [{ tool: Write, input: { file_path: made.txt, content: x } }] }, { text: done }] }");
        await using var session = await AgentSession.StartAsync(Options(agent) with { PermissionMode = "acceptEdits", FileCheckpoints = true }, Token);
        var prompt = Guid.Parse("11111111-1111-4111-8111-111111111111");

        await session.SendAsync("go", prompt, Token).LastAsync(Token);
        Assert.True(File.Exists(Path.Combine(agent.Workspace, "made.txt")));

        Assert.Equal(1, (await session.RewindFilesAsync(prompt, tryOnly: true, Token)).Deletions);
        Assert.Null((await session.RewindFilesAsync(prompt, cancellationToken: Token)).Error);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "made.txt")));
        await Assert.ThrowsAsync<AgentException>(() => session.RewindFilesAsync(Guid.Empty, cancellationToken: Token));
    }

    [Fact]
    public async Task Adds_tool_servers_and_rules_along_the_way()
    {
        Support.Node.SkipWithoutPackages();

        await using var agent = await Support.AgentProcess.WithModelAsync(
            """
            turns:
              - { text: one }
              - require: [{ tool: mcp__all__echo }, { body: '"budget_tokens":2048' }]
                calls: [{ tool: mcp__all__echo, input: { message: heron } }, { tool: Bash, input: { command: whoami } }]
              - require: [{ result: { tool: mcp__all__echo, contains: heron } }, { result: { tool: Bash, error: true } }]
                text: two
            """);
        await using var session = await AgentSession.StartAsync(Options(agent), Token);
        await session.SendAsync("first", Token).LastAsync(Token);

        var server = new McpServer.Program("node", Path.Combine(Support.Node.Directory, "node_modules/@modelcontextprotocol/server-everything/dist/index.js"), "stdio");
        var changed = await session.SetMcpServersAsync(new Dictionary<string, McpServer> { ["all"] = server, ["broken"] = new McpServer.Program("/no/such/program") }, Token);
        Assert.Equal((2, "broken"), (changed.Added.Count, changed.Errors.Single().Key));
        Assert.Contains("echo", (await session.McpServersAsync(Token)).Single(s => s is { Name: "all", Status: "connected" }).Tools);

        await session.ApplySettingsAsync(new JsonObject { ["permissions"] = new JsonObject { ["allow"] = new JsonArray("mcp__all"), ["deny"] = new JsonArray("Bash(whoami)") } }, Token);
        await session.SetMaxThinkingTokensAsync(2048, Token);
        var result = await session.SendAsync("second", Token).OfType<AgentMessage.Result>().SingleAsync(Token);

        Assert.Equal(("two", "Bash"), (result.Text, (string?)result.PermissionDenials.Single()["tool_name"]));
        Assert.Contains("Unsupported", (await Assert.ThrowsAsync<AgentException>(() => session.RequestAsync(new JsonObject { ["subtype"] = "set_color" }, Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_asked_once_for_what_it_allows_from_then_on()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync(
            "{ turns: [{ calls: [{ tool: Bash, input: { command: touch a } }] }, { calls: [{ tool: Bash, input: { command: touch b } }] }, { text: done }] }");
        var asked = new List<string?>();

        var options = Options(agent) with
        {
            CanUseTool = (request, _) =>
            {
                asked.Add((string?)request.Input["command"]);
                return Task.FromResult<PermissionDecision>(new PermissionDecision.Allow(Updates: [PermissionUpdate.Allow("Bash", "touch *")]));
            },
        };

        Assert.Equal("done", (await CodingAgent.QueryAsync("go", options, Token).OfType<AgentMessage.Result>().SingleAsync(Token)).Text);
        Assert.Equal(["touch a"], asked);
        Assert.True(File.Exists(Path.Combine(agent.Workspace, "b")));
    }

    [Fact]
    public async Task Has_nothing_done_when_a_hook_that_must_not_fail_fails()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync(
            "{ turns: [{ calls: [{ tool: Bash, input: { command: touch made } }] }, { require: [{ result: { tool: Bash, error: true, contains: broke } }], text: done }] }");

        var options = Options(agent) with
        {
            AllowedTools = ["Bash"],
            Hooks = [new AgentHook("PreToolUse", null, (_, _) => throw new InvalidOperationException("the hook broke")) { BlocksWhenItFails = true }],
        };

        Assert.Equal("done", (await CodingAgent.QueryAsync("go", options, Token).OfType<AgentMessage.Result>().SingleAsync(Token)).Text);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "made")));
    }

    [Fact]
    public async Task Follows_sub_agents_of_its_own()
    {
        await using var agent = await Support.AgentProcess.WithModelAsync(
            """
            conversations:
              - { name: helper, when: { system: You count birds }, turns: [{ text: one heron }] }
              - name: main
                turns:
                  - { calls: [{ tool: Task, input: { description: d, prompt: count, subagent_type: counter } }] }
                  - { require: [{ result: { tool: Task, contains: one heron } }], text: done }
            """);

        var options = Options(agent) with { Agents = new Dictionary<string, SubAgent> { ["counter"] = new("counts", "You count birds", ["Read"]) }, ForwardSubAgentText = true };
        var said = await CodingAgent.QueryAsync("go", options, Token).OfType<AgentMessage.Assistant>().Where(a => a.ParentToolUseId is not null).SingleAsync(Token);

        Assert.Equal("one heron", said.Text);
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

    [Fact]
    public async Task Says_why_the_agent_ended_also_when_it_says_so_after_its_output_has_ended()
    {
        var options = new AgentOptions { Command = ["sh", "-c", "exec >&-; sleep 0.5; echo no heron in this house >&2; exit 3"] };

        var gone = await Assert.ThrowsAsync<AgentException>(() => AgentSession.StartAsync(options, Token));

        Assert.Equal("The agent has ended (exit code 3). no heron in this house", gone.Message);
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
