using Ringfence.Tests.Support;

namespace Ringfence.Tests.Context;

public sealed class Long_work
{
    [Fact]
    public async Task Is_shortened_when_the_window_fills_and_the_users_words_stay()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Read, input: { file_path: big.txt } }]
                usage: { input: 190000, output: 100 }
              - require: [{ user: "will be replaced by your summary" }]
                text: "I read big.txt; it is about herons."
              - require:
                  - { prompt: "never touch the schema" }
                  - { body: "it is about herons" }
                text: ok
            """);
        agent.Write("big.txt", "herons\n");

        var run = await agent.RunAsync("-p", "sum it up, and never touch the schema", "--output-format", "stream-json", "--verbose");

        Assert.Equal("ok", (string?)run.Result["result"]);
        var boundary = run.OfType("system", "compact_boundary").Single();
        Assert.Equal("auto", (string?)boundary["compact_metadata"]!["trigger"]);
        Assert.Contains("messages", (string?)boundary["compact_metadata"]!["dropped"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_shortened_once_when_the_provider_says_it_is_too_long()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: pwd } }]
              - { status: 400, error: "invalid_request_error: prompt is too long: 210000 tokens > 200000 maximum" }
              - { require: [{ user: "will be replaced by your summary" }], text: pwd was run }
              - { require: [{ body: "pwd was run" }], text: ok }
            """);

        Assert.Equal("ok\n", (await agent.RunAsync("-p", "go")).Output);
    }

    [Fact]
    public async Task Goes_on_from_the_short_form_when_resumed()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "echo long ago" } }]
                usage: { input: 190000, output: 100 }
              - text: echo was run
              - text: ok
              - require: [{ body: "echo was run" }, { prompt: "conversation-summary" }]
                text: I remember.
            """);
        await agent.RunAsync("-p", "go");

        Assert.Equal("I remember.\n", (await agent.RunAsync("-p", "what happened?", "--continue")).Output);
    }

    [Fact]
    public async Task Is_shared_with_sub_agents_that_report_what_they_found()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            conversations:
              - name: helper
                when: { system: "You count birds" }
                turns:
                  - require: [{ not: { tool: Task } }]
                    calls: [{ tool: Read, input: { file_path: birds.txt } }]
                    usage: { input: 1000, output: 0 }
                  - { require: [{ result: { tool: Read, contains: heron } }], text: "one heron", usage: { input: 1000, output: 0 } }
            turns:
              - require: [{ tool: Task }]
                calls: [{ tool: Task, input: { description: count, prompt: count the birds, subagent_type: counter } }]
                usage: { input: 1000, output: 0 }
              - { require: [{ result: { tool: Task, contains: "one heron" } }], text: It is one., usage: { input: 1000, output: 0 } }
            """);
        agent.Write("birds.txt", "heron\n");

        var run = await agent.RunAsync("-p", "how many?", "--agents", """{"counter":{"description":"counts","prompt":"You count birds","tools":["Read"]}}""",
            "--output-format", "stream-json", "--verbose", "--forward-subagent-text");

        Assert.Equal(("It is one.", 0.016m), ((string?)run.Result["result"], (decimal)run.Result["total_cost_usd"]!));
        Assert.Equal(2, run.OfType("assistant").Count(a => a["parent_tool_use_id"] is not null));
        Assert.Equal(2, agent.Model.Requests.Count(r => r.Headers.ContainsKey("x-claude-code-agent-id")));
    }

    [Fact]
    public async Task Of_a_sub_agent_is_kept_beside_the_session_and_goes_on_when_asked()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            conversations:
              - name: helper
                when: { system: "You count birds" }
                turns:
                  - { text: one heron, usage: { input: 1000, output: 0 } }
                  - { require: [{ body: "one heron" }, { user: "and owls" }], text: no owl, usage: { input: 1000, output: 0 } }
              - name: main
                turns:
                  - { calls: [{ tool: Task, input: { description: count, prompt: count the birds, subagent_type: counter } }], usage: { input: 1000, output: 0 } }
                  - { require: [{ result: { tool: Task, contains: one heron } }], text: one, usage: { input: 1000, output: 0 } }
                  - require: [{ result: { any: true, tool: Task, matches: 'agentId: (?<agent>a[0-9a-f]{16})' } }]
                    calls: [{ tool: Task, input: { description: count, prompt: and owls?, subagent_type: counter, resume: "${agent}" } }]
                    usage: { input: 1000, output: 0 }
                  - { require: [{ result: { tool: Task, contains: no owl } }], text: none, usage: { input: 1000, output: 0 } }
            """);

        string[] agents = ["--agents", """{"counter":{"description":"counts","prompt":"You count birds"}}""", "--output-format", "json"];
        var first = await agent.RunAsync(["-p", "how many?", .. agents]);
        var second = await agent.RunAsync(["-p", "and owls?", "--continue", .. agents]);

        Assert.Empty(agent.Model.Mismatches);
        var file = Directory.GetFiles(agent.Home, "agent-*.jsonl", SearchOption.AllDirectories).Single();
        Assert.EndsWith($"{(string)first.Result["session_id"]!}/subagents", Path.GetDirectoryName(file), StringComparison.Ordinal);
        Assert.All(File.ReadLines(file), l => Assert.True((bool)System.Text.Json.Nodes.JsonNode.Parse(l)!["isSidechain"]!));

        // Three calls of 1000 tokens at 4 dollars per million came before, one of them the sub-agent's: the resumed session has paid for all of them.
        Assert.Equal((0.012m, 0.024m), ((decimal)first.Result["total_cost_usd"]!, (decimal)second.Result["total_cost_usd"]!));
    }

    [Theory]
    [InlineData("/cost", "$0.0000")]
    [InlineData("/context", "of 200000 tokens")]
    public async Task Is_measured_without_asking_the_model(string prompt, string expected)
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: never }] }");

        Assert.Contains(expected, (await agent.RunAsync("-p", prompt)).Output, StringComparison.Ordinal);
        Assert.Equal(0, agent.Model.Answers);
    }

    [Fact]
    public async Task Is_shortened_when_a_prompt_says_so()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - { text: one }
              - { require: [{ body: The user wants kept above all. the heron }], text: it was a heron }
              - { require: [{ body: it was a heron }], text: two }
            """);

        var run = await agent.RunAsync(
            """
            {"type":"user","message":{"role":"user","content":"first"}}
            {"type":"user","message":{"role":"user","content":"/compact the heron"}}
            {"type":"user","message":{"role":"user","content":"second"}}

            """,
            ["--output-format", "stream-json", "--verbose", "--input-format", "stream-json"]);

        Assert.Empty(agent.Model.Mismatches);
        Assert.Equal("manual", (string?)run.OfType("system", "compact_boundary").Single()["compact_metadata"]!["trigger"]);
        Assert.Equal(["one", "", "two"], run.OfType("result").Select(r => (string?)r["result"]));
    }
}
