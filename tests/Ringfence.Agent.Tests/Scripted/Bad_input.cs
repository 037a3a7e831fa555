using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Scripted;

/// <summary>Whatever comes from outside, the run ends with what happened, and the model is told what is so.</summary>
public sealed class Bad_input
{
    private static readonly string[] Json = ["--output-format", "json"];

    [Fact]
    public async Task From_a_provider_that_withholds_an_answer_is_told_to_the_model_once()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: Half an, stop: refusal }, { require: [{ user: withheld }], text: Something else. }] }");

        var run = await agent.RunAsync(["-p", "go", .. Json]);

        Assert.Equal((0, "Something else.", "end_turn"), (run.ExitCode, (string?)run.Result["result"], (string?)run.Result["stop_reason"]));
        Assert.Contains("withheld", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_provider_that_withholds_it_again_is_an_error_and_no_answer()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: I cannot help with that., stop: refusal, times: 3 }] }");

        var run = await agent.RunAsync(["-p", "go", .. Json]);

        Assert.Equal((1, true, "refusal", "api_error"), (run.ExitCode, (bool)run.Result["is_error"]!, (string?)run.Result["stop_reason"], (string?)run.Result["terminal_reason"]));
        Assert.Equal(2, agent.Model.Answers);
    }

    [Theory]
    [InlineData("max_tokens", "half an ans")]
    [InlineData("max_tokens", "")]
    [InlineData("model_context_window_exceeded", "half an ans")]
    public async Task From_a_model_that_was_cut_off_goes_on_where_it_stopped(string stop, string text)
    {
        await using var agent = await AgentProcess.WithModelAsync($"{{ turns: [{{ text: '{text}', stop: {stop} }}, {{ require: [{{ user: cut off }}], text: wer }}] }}");

        var run = await agent.RunAsync(["-p", "go", .. Json]);

        Assert.Equal((0, "wer", 2), (run.ExitCode, (string?)run.Result["result"], (int)run.Result["num_turns"]!));
    }

    [Fact]
    public async Task From_a_model_that_is_always_cut_off_is_an_error_and_no_success()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: '', stop: max_tokens, times: 9 }] }");

        var run = await agent.RunAsync(["-p", "go", .. Json]);

        Assert.Equal((1, true, "api_error"), (run.ExitCode, (bool)run.Result["is_error"]!, (string?)run.Result["terminal_reason"]));
        Assert.Contains("cut off at the limit", (string?)run.Result["result"], StringComparison.Ordinal);
        Assert.Equal(4, agent.Model.Answers);
    }

    [Theory]
    [InlineData("{ text: '' }")]
    [InlineData("{ thinking: hmm }")]
    public async Task From_a_model_that_says_nothing_is_asked_for_an_answer(string nothing)
    {
        await using var agent = await AgentProcess.WithModelAsync($"{{ turns: [{nothing}, {{ require: [{{ user: was empty }}], text: something }}] }}");

        Assert.Equal("something\n", (await agent.RunAsync("-p", "go")).Output);
    }

    [Fact]
    public async Task From_a_model_that_never_says_anything_is_an_empty_answer_and_said_to_be_one()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: '', times: 2 }] }");

        var run = await agent.RunAsync(["-p", "go", .. Json]);

        Assert.Equal((0, "success", ""), (run.ExitCode, (string?)run.Result["subtype"], (string?)run.Result["result"]));
        Assert.Contains("gave an empty answer", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_call_whose_input_is_not_whole_is_told_and_not_run()
    {
        static string Event(string json) => $"event: {(string)JsonNode.Parse(json)!["type"]!}\ndata: {json}\n\n";

        var body = string.Concat(
            Event("""{"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"simulated-model","content":[],"stop_reason":null,"usage":{"input_tokens":10,"output_tokens":1}}}"""),
            Event("""{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1","name":"Write","input":{}}}"""),
            Event("""{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"file_path\": \"made.txt\", \"content\": \"ha"}}"""),
            Event("""{"type":"content_block_stop","index":0}"""),
            Event("""{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":20}}"""),
            Event("""{"type":"message_stop"}"""));

        await using var agent = await AgentProcess.WithModelAsync(new JsonObject
        {
            ["turns"] = new JsonArray(
                new JsonObject { ["body"] = body, ["headers"] = new JsonObject { ["content-type"] = "text/event-stream" } },
                new JsonObject { ["require"] = new JsonArray(new JsonObject { ["body"] = "the input of Write is not a JSON object" }), ["text"] = "I see." }),
        }.ToJsonString());

        var run = await agent.RunAsync("-p", "go", "--permission-mode", "acceptEdits");

        Assert.Equal("I see.\n", run.Output);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "made.txt")));
    }

    [Fact]
    public async Task Of_links_that_lead_in_a_circle_ends_no_search()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Glob, input: { pattern: "**/*.txt" } }, { tool: Grep, input: { pattern: heron } }]
              - require: [{ result: { tool: Glob, contains: bird.txt, lacks: circle } }, { result: { tool: Grep, contains: bird.txt, lacks: circle } }]
                text: ok
            """);
        agent.Write("deep/bird.txt", "heron");
        File.CreateSymbolicLink(Path.Combine(agent.Workspace, "deep/circle"), agent.Workspace);
        File.CreateSymbolicLink(Path.Combine(agent.Workspace, "self"), Path.Combine(agent.Workspace, "self"));

        Assert.Equal("ok\n", (await agent.RunAsync("-p", "go")).Output);
    }

    [Fact]
    public async Task Of_a_folder_that_may_not_be_read_ends_no_search()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Root may read every folder.");

        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Glob, input: { pattern: "**/*.txt" } }]
              - { require: [{ result: { tool: Glob, contains: open.txt } }], text: ok }
            """);
        agent.Write("open.txt", "");
        var closed = Directory.CreateDirectory(Path.Combine(agent.Workspace, "closed"));
        closed.UnixFileMode = UnixFileMode.None;

        Assert.Equal("ok\n", (await agent.RunAsync("-p", "go")).Output);
        closed.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    }

    [Fact]
    public async Task Of_files_that_are_huge_binary_or_no_files_is_told_as_what_it_is()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls:
                  - { tool: Read, input: { file_path: long.txt } }
                  - { tool: Read, input: { file_path: program } }
                  - { tool: Read, input: { file_path: loop } }
                  - { tool: Read, input: { file_path: folder } }
              - require:
                  - result: { tool: Read, contains: "long line", error: false }
                  - result: { tool: Read, contains: binary, error: true }
                  - result: { tool: Read, contains: loop, error: true }
                  - result: { tool: Read, contains: directory, error: true }
                text: seen
            """);
        agent.Write("long.txt", string.Concat(Enumerable.Repeat("a long line of a long file\n", 400_000)));
        agent.Write("folder/a.txt", "a");
        await File.WriteAllBytesAsync(Path.Combine(agent.Workspace, "program"), [0x7F, 0x45, 0x4C, 0x46, 0, 0, 0, 1], TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(agent.Workspace, "loop"), Path.Combine(agent.Workspace, "loop"));

        var run = await agent.RunAsync("-p", "go");

        Assert.Equal("seen\n", run.Output);
    }

    [Fact]
    public async Task Of_a_stream_that_breaks_costs_all_that_was_set_aside_when_there_is_a_budget()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ times: 5, text: 'a rather long answer that never ends', cut: { events: 3 } }] }");

        var run = await agent.RunAsync(["-p", "go", "--max-budget-usd", "0.40", .. Json]);

        // Nobody knows what it used. All that was left had been set aside for it, so that another try could not be paid.
        Assert.Equal((1, "error_max_budget_usd"), (run.ExitCode, (string?)run.Result["subtype"]));
        Assert.InRange((decimal)run.Result["total_cost_usd"]!, 0.39m, 0.40m);
        Assert.Equal(1, agent.Model.Requests.Count(r => r.Turn >= 0));
    }

    [Fact]
    public async Task Of_a_stream_that_breaks_is_tried_again_while_the_budget_lasts()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: 'cut', cut: { events: 3 } }, { text: whole, usage: { input: 1000, output: 100 } }] }");

        var run = await agent.RunAsync(["-p", "go", "--max-budget-usd", "20", .. Json]);

        Assert.Equal((0, "whole"), (run.ExitCode, (string?)run.Result["result"]));
        Assert.InRange((decimal)run.Result["total_cost_usd"]!, 0.5m, 10m); // the broken one in full, and the other for what it was
    }

    [Fact]
    public async Task Of_a_program_that_goes_away_in_the_middle_ends_the_agent()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ calls: [{ tool: Bash, input: { command: pwd } }] }, { text: done }] }");
        using var process = Process.Start(agent.Prepare("dotnet", [AgentProcess.Executable, "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--permission-prompt-tool", "stdio"]))!;

        // Half a line, and the one on whom a permission would depend is gone.
        var run = await AgentProcess.FinishAsync(process, """{"type":"user","message":{"role":"user","content":"go"}}""" + "\n" + """{"type":"user","mess""");

        Assert.Contains(run.Events, e => (string?)e["type"] == "result");
    }

    [Fact]
    public async Task Of_a_line_that_is_no_JSON_is_said_and_stops_nothing_that_was_asked_for()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: done }] }");

        var run = await agent.RunAsync(
            """{"type":"user","message":{"role":"user","content":"go"}}""" + "\nthis is no JSON\n",
            ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);

        Assert.Contains("Error parsing streaming input line: this is no JSON", run.Error, StringComparison.Ordinal);
        Assert.Equal("done", (string?)run.Result["result"]);
    }
}
