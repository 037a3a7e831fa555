using Ringfence.Tests.Support;

namespace Ringfence.Tests.Scripted;

public sealed class A_scripted_run
{
    private const string ReadsAndEdits =
        """
        turns:
          - require: [{ tool: Read, prompt: "greet the world" }]
            text: Reading.
            calls:
              - { tool: Read, input: { file_path: hello.txt } }
              - { tool: Grep, input: { pattern: hello, output_mode: content } }
          - require: [{ result: { tool: Read, contains: "hello" } }, { result: { tool: Grep, contains: "hello.txt:1:hello" } }]
            calls: [{ tool: Edit, input: { file_path: hello.txt, old_string: "hello", new_string: "hello world" } }]
          - require: [{ result: { tool: Edit, contains: "hello world", error: false } }]
            text: Greeted.
            usage: { input: 1000, output: 100 }
        """;

    private static readonly string[] StreamJson = ["--output-format", "stream-json", "--verbose"];

    [Fact]
    public async Task Does_the_work_and_prints_the_last_text()
    {
        await using var agent = await AgentProcess.WithModelAsync(ReadsAndEdits);
        agent.Write("hello.txt", "hello\n");

        var run = await agent.RunAsync("-p", "greet the world", "--permission-mode=acceptEdits");

        Assert.Equal((0, "Greeted.\n"), (run.ExitCode, run.Output));
        Assert.Equal("hello world\n", agent.Read("hello.txt"));
        Assert.True(agent.Model.IsFinished);
    }

    [Fact]
    public async Task Tells_its_story_in_the_events_that_programs_know()
    {
        await using var agent = await AgentProcess.WithModelAsync(ReadsAndEdits);
        agent.Write("hello.txt", "hello\n");

        var run = await agent.RunAsync(["-p", "greet the world", "--permission-mode", "acceptEdits", .. StreamJson]);

        Assert.Equal(
            ["system", "assistant", "assistant", "assistant", "user", "user", "assistant", "user", "assistant", "result"],
            run.Events.Select(e => (string?)e["type"]));
        Assert.Single(run.Events.Select(e => (string?)e["session_id"]).Distinct());
        Assert.Equal("acceptEdits", (string?)run.OfType("system", "init").Single()["permissionMode"]);
        Assert.Equal(("success", false, "Greeted."), ((string?)run.Result["subtype"], (bool)run.Result["is_error"]!, (string?)run.Result["result"]));
        Assert.Equal("completed", (string?)run.Result["terminal_reason"]);
        Assert.Equal(4, (int)run.Result["num_turns"]!);
    }

    [Fact]
    public async Task Reports_what_it_cost_at_the_price_table()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: hi, usage: { input: 1000, output: 100, cache_read: 2000, cache_write: 400 } }] }");

        var run = await agent.RunAsync("-p", "hi", "--output-format", "json", "--model", "simulated-model");

        // 1000 at $4, 100 at $20, 2000 at $0.4 and 400 at $5 for a million tokens.
        Assert.Equal(0.0088m, (decimal)run.Result["total_cost_usd"]!);
        Assert.Equal(2000, (int)run.Result["modelUsage"]!["simulated-model"]!["cacheReadInputTokens"]!);
    }

    [Fact]
    public async Task Takes_its_prompt_from_standard_input()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ require: [{ prompt: \"explain\\nthe log\" }], text: ok }] }");

        var run = await agent.RunAsync("the log\n", ["-p", "explain"]);

        Assert.Equal("ok\n", run.Output);
    }

    [Fact]
    public async Task Stops_after_the_turns_it_was_given()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            "{ turns: [{ times: 5, calls: [{ tool: Bash, input: { command: pwd } }] }] }");

        var run = await agent.RunAsync(["-p", "go", "--max-turns=2", .. StreamJson]);

        Assert.Equal((1, "error_max_turns", 3), (run.ExitCode, (string?)run.Result["subtype"], (int)run.Result["num_turns"]!));
        Assert.Equal(2, agent.Model.Answers);
    }

    [Fact]
    public async Task Never_starts_a_call_that_could_cost_more_than_is_left()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            "{ turns: [{ times: 9, ignore_max_tokens: true, calls: [{ tool: Bash, input: { command: pwd } }], usage: { input: 20000, output: 2000 } }] }");

        var run = await agent.RunAsync(["-p", "go", "--max-budget-usd", "0.40", .. StreamJson]);

        Assert.Equal((1, "error_max_budget_usd"), (run.ExitCode, (string?)run.Result["subtype"]));
        Assert.InRange((decimal)run.Result["total_cost_usd"]!, 0.12m, 0.40m);
        Assert.Equal("budget_exhausted", (string?)run.Result["terminal_reason"]);
    }

    [Fact]
    public async Task Cuts_the_answer_to_what_can_be_paid()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: ok }] }");

        await agent.RunAsync("-p", "go", "--max-budget-usd", "0.25");

        var asked = agent.Model.Requests.Single(r => r.Turn >= 0);
        Assert.InRange((int)System.Text.Json.Nodes.JsonNode.Parse(asked.Text)!["max_tokens"]!, 256, 12_500);
    }

    [Fact]
    public async Task Refuses_a_budget_for_a_model_without_a_price()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: never }] }");

        var run = await agent.RunAsync("-p", "go", "--max-budget-usd", "1", "--model", "nobody-knows");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("No price is known for the model 'nobody-knows'", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, agent.Model.Answers);
    }

    [Theory]
    [InlineData(402, 1)]
    [InlineData(403, 1)]
    [InlineData(401, 1)]
    [InlineData(400, 1)]
    public async Task Ends_at_once_when_the_answer_is_final(int status, int calls)
    {
        await using var agent = await AgentProcess.WithModelAsync($"{{ turns: [{{ status: {status}, error: 'permission_error: the budget is spent' }}] }}");

        var run = await agent.RunAsync(["-p", "go", .. StreamJson]);

        Assert.Equal((1, "success", true), (run.ExitCode, (string?)run.Result["subtype"], (bool)run.Result["is_error"]!));
        Assert.Equal(("api_error", status), ((string?)run.Result["terminal_reason"], (int)run.Result["api_error_status"]!));
        Assert.Equal("<synthetic>", (string?)run.OfType("assistant").Single()["message"]!["model"]);
        Assert.Equal(calls, agent.Model.Requests.Count);
    }

    [Fact]
    public async Task Does_not_retry_what_shall_not_be_retried()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ status: 429, headers: { x-should-retry: 'false' } }] }");

        var run = await agent.RunAsync("-p", "go");

        Assert.Equal(1, run.ExitCode);
        Assert.Single(agent.Model.Requests);
    }

    [Theory]
    [InlineData("{ status: 529, headers: { retry-after: '0' } }", true)]
    [InlineData("{ status: 500, headers: { retry-after: '0' } }", true)]
    [InlineData("{ text: half an answer, cut: { events: 3 } }", false)]
    [InlineData("{ text: x, fault: malformed_sse }", false)]
    [InlineData("{ fault: error_event }", false)]
    public async Task Tries_again_after_a_failure_that_passes(string failure, bool told)
    {
        await using var agent = await AgentProcess.WithModelAsync($"{{ turns: [{failure}, {{ text: at last }}] }}");

        var run = await agent.RunAsync(["-p", "go", .. StreamJson]);

        Assert.Equal((0, "at last"), (run.ExitCode, (string?)run.Result["result"]));
        Assert.Single(run.OfType("assistant"));
        Assert.Equal(1, (int)run.OfType("system", "api_retry").Single()["attempt"]!);
        Assert.True(!told || (int)run.OfType("system", "api_retry").Single()["retry_delay_ms"]! == 0);
    }

    [Fact]
    public async Task Sends_every_event_of_the_stream_when_asked()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: hello }] }");

        var run = await agent.RunAsync(["-p", "go", "--include-partial-messages", .. StreamJson]);

        Assert.Contains("content_block_delta", run.OfType("stream_event").Select(e => (string?)e["event"]!["type"]));
    }

    [Theory]
    [InlineData("--no-such-flag", "unknown option '--no-such-flag'")]
    [InlineData("--max-turns=none", "'--max-turns' argument 'none' is invalid")]
    [InlineData("--output-format=xml", "Allowed choices are text, json, stream-json")]
    [InlineData("--permission-mode=bogus", "Allowed choices are default")]
    [InlineData("--allowedTools=bash((", "'bash' is not a tool")]
    public async Task Says_what_is_wrong_with_the_command_line(string argument, string expected)
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: never }] }");

        var run = await agent.RunAsync("-p", "go", argument);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tells_the_model_that_a_call_was_broken_and_goes_on()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Read, input: { offset: 3 } }, { tool: NoSuchTool, input: {} }]
              - require:
                  - result: { tool: Read, contains: "required parameter `file_path` is missing", error: true }
                  - result: { tool: NoSuchTool, contains: "No such tool available", error: true }
                text: I see.
            """);

        Assert.Equal("I see.\n", (await agent.RunAsync("-p", "go")).Output);
    }

    [Fact]
    public async Task Denies_what_nobody_allowed_and_lists_it()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "touch made.txt" } }]
              - require: [{ result: { tool: Bash, error: true, contains: "has not been granted" } }]
                text: A pity.
            """);

        var run = await agent.RunAsync(["-p", "go", .. StreamJson]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("Bash", (string?)run.Result["permission_denials"]!.AsArray().Single()!["tool_name"]);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "made.txt")));
    }

    [Fact]
    public async Task Answers_in_the_form_that_a_schema_demands()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: StructuredOutput, input: { answer: "42" } }]
              - require: [{ result: { tool: StructuredOutput, error: true, contains: "`answer` must be integer" } }]
                calls: [{ tool: StructuredOutput, input: { answer: 42 } }]
            """);

        const string Schema = """{"type":"object","properties":{"answer":{"type":"integer"}},"required":["answer"]}""";
        var run = await agent.RunAsync(["-p", "go", "--json-schema", Schema, .. StreamJson]);

        Assert.Equal(42, (int)run.Result["structured_output"]!["answer"]!);
    }

    [Fact]
    public async Task Gives_the_model_what_the_project_wrote_down()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            "{ turns: [{ require: [{ system: 'Tabs, never spaces.' }, { system: 'Tests first.' }], text: ok }] }");
        agent.Write("CLAUDE.md", "Tabs, never spaces.");
        agent.Write("AGENTS.md", "Tests first.");

        Assert.Equal("ok\n", (await agent.RunAsync("-p", "go")).Output);
    }

    [Fact]
    public async Task Keeps_the_key_from_the_commands_it_runs()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "env" } }]
              - require: [{ result: { tool: Bash, lacks: "test-key", contains: "CLAUDECODE=1" } }]
                text: ok
            """);

        Assert.Equal("ok\n", (await agent.RunAsync("-p", "go", "--dangerously-skip-permissions")).Output);
    }

    [Fact]
    public async Task Is_told_and_then_stopped_when_it_repeats_itself()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - { times: 3, calls: [{ tool: Bash, input: { command: pwd } }] }
              - { require: [{ user: "made 3 times with the same result" }], calls: [{ tool: Bash, input: { command: pwd } }] }
              - { times: 9, calls: [{ tool: Bash, input: { command: pwd } }] }
            """);

        var run = await agent.RunAsync(["-p", "go", .. StreamJson]);

        Assert.Equal((1, "repeated_calls", 8), (run.ExitCode, (string?)run.Result["terminal_reason"], agent.Model.Answers));
    }
}
