using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Sdk;

public sealed class The_official_sdk
{
    private const string OneText = "{ turns: [{ text: hello }] }";

    [Fact]
    public async Task Streams()
    {
        var happened = await RunAsync("streaming", OneText);

        Assert.Contains("content_block_delta", Strings(happened, "stream"));
        Assert.Equal("hello", (string?)Result(happened)["text"]);
    }

    [Fact]
    public async Task Decides_and_changes_what_a_tool_does()
    {
        var happened = await RunAsync("permissions",
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "rm -rf x" } }, { tool: Write, input: { file_path: no.txt, content: x } }]
              - require: [{ result: { tool: Bash, contains: "changed by the host" } }, { result: { tool: Write, contains: "the host said no", error: true } }]
                text: ok
            """);

        Assert.Equal("ok", (string?)Result(happened)["text"]);
        Assert.Equal("Write", (string?)Result(happened)["denials"]!.AsArray().Single()!["tool_name"]);
    }

    [Fact]
    public async Task Is_asked_by_hooks_and_obeyed()
    {
        var happened = await RunAsync("hooks",
            """
            turns:
              - require: [{ user: "the ticket is 42" }]
                calls: [{ tool: Write, input: { file_path: no.txt, content: x } }, { tool: Bash, input: { command: pwd } }]
              - require: [{ result: { tool: Write, contains: "policy says no", error: true } }, { user: "the formatter ran" }]
                text: ok
            """);

        Assert.Equal("ok", (string?)Result(happened)["text"]);
        Assert.Equal(
            ["UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"],
            happened.Where(h => (string?)h["what"] == "hook").Select(h => (string?)h["value"]![0]));
    }

    [Fact]
    public async Task Lends_tools_of_its_own_process()
    {
        var happened = await RunAsync("servers",
            """
            turns:
              - require: [{ tool: mcp__calc__add }]
                calls: [{ tool: mcp__calc__add, input: { a: 2, b: 3 } }]
              - require: [{ result: { tool: mcp__calc__add, contains: "sum 5" } }]
                text: five
            """);

        Assert.Equal("five", (string?)Result(happened)["text"]);
    }

    [Fact]
    public async Task Interrupts_and_goes_on_in_the_same_session()
    {
        var happened = await RunAsync("interrupt",
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "sleep 60 && pwd" } }]
              - require: [{ user: "go on" }, { body: "Request interrupted by user" }]
                text: gladly
            """);

        var results = happened.Where(h => (string?)h["what"] == "result").Select(h => h["value"]!).ToArray();
        Assert.Equal(["error_during_execution", "success"], results.Select(r => (string?)r["subtype"]));
        Assert.Equal("gladly", (string?)results[1]["text"]);
    }

    [Fact]
    public async Task Changes_model_and_mode_along_the_way()
    {
        var happened = await RunAsync("change",
            """
            turns:
              - { require: [{ model: simulated-model }], text: one }
              - { require: [{ model: simulated-model-two }], text: two }
            """);

        Assert.Equal(["default", "acceptEdits"], happened.Where(h => (string?)h["what"] == "init").Select(h => (string?)h["value"]!["mode"]));
        Assert.Contains(happened, h => (string?)h["what"] == "usage");
    }

    [Fact]
    public async Task Resumes_and_forks()
    {
        var happened = await RunAsync("resume",
            """
            turns:
              - { text: The word is heron. }
              - { require: [{ body: "The word is heron" }], text: heron }
              - { require: [{ body: "which was it" }], text: still heron }
            """);

        var sessions = happened.Where(h => (string?)h["what"] == "result").Select(h => (string?)h["value"]!["session"]).ToArray();
        Assert.Equal(sessions[0], sessions[1]);
        Assert.NotEqual(sessions[0], sessions[2]);
    }

    [Fact]
    public async Task Gets_the_answer_in_the_form_it_asked_for()
    {
        var happened = await RunAsync("structured", "{ turns: [{ calls: [{ tool: StructuredOutput, input: { answer: 42 } }] }] }");

        Assert.Equal(42, (int)Result(happened)["output"]!["answer"]!);
    }

    [Fact]
    public async Task Aborts()
    {
        var happened = await RunAsync("abort", "{ turns: [{ text: working, calls: [{ tool: Bash, input: { command: sleep 60 } }] }] }");

        Assert.Contains(happened, h => (string?)h["what"] == "aborted");
    }

    [Fact]
    public async Task Replaces_the_system_prompt()
    {
        var happened = await RunAsync("prompt", "{ turns: [{ require: [{ system: You answer in verse. }, { not: { system: You are ringfence-agent } }], text: ok }] }");

        Assert.Equal("ok", (string?)Result(happened)["text"]);
    }

    [Fact]
    public async Task Hears_of_a_limit_as_a_result_and_an_error()
    {
        var happened = await RunAsync("failure", "{ turns: [{ times: 3, calls: [{ tool: Bash, input: { command: pwd } }] }] }");

        Assert.Equal("error_max_turns", (string?)Result(happened)["subtype"]);
    }

    private static JsonObject Result(IReadOnlyList<JsonObject> happened) => happened.Single(h => (string?)h["what"] == "result")["value"]!.AsObject();

    private static IEnumerable<string?> Strings(IEnumerable<JsonObject> happened, string what) =>
        happened.Where(h => (string?)h["what"] == what).Select(h => (string?)h["value"]);

    private static async Task<IReadOnlyList<JsonObject>> RunAsync(string scenario, string script)
    {
        Node.SkipWithoutPackages();
        await using var agent = await AgentProcess.WithModelAsync(script);

        using var process = Process.Start(agent.Prepare("node", [Path.Combine(Node.Directory, "sdk.mjs"), Node.ExecutableFor(agent), scenario]))!;
        var run = await AgentProcess.FinishAsync(process, "");
        Assert.True(run.Events is [.., var last] && ((string?)last["value"] == "ok" || scenario == "failure"), run.Output + run.Error);
        Assert.Empty(agent.Model.Mismatches);
        return run.Events;
    }
}
