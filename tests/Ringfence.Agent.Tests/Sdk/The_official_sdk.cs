using static Ringfence.Tests.Sdk.SdkScenario;

namespace Ringfence.Tests.Sdk;

/// <summary>The official Agent SDK, unmodified, with this program as its executable: a conversation from its first word to its last.</summary>
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

    [Fact]
    public async Task Keeps_the_session_in_a_store_of_its_own()
    {
        var happened = await RunAsync("mirror", OneText);

        Assert.Empty(new[] { "user", "assistant" }.Except(Value(happened, "mirrored").AsArray().Select(l => (string?)l)));
    }

    [Fact]
    public async Task Asks_and_changes_what_there_is()
    {
        var happened = await RunAsync("control",
            """
            turns:
              - { text: one }
              - require: [{ body: '"budget_tokens":2000' }]
                calls: [{ tool: Edit, input: { file_path: notes.txt, old_string: old, new_string: new } }, { tool: Bash, input: { command: whoami } }]
              - require: [{ result: { tool: Edit, contains: updated } }, { result: { tool: Bash, contains: "denied by the rule", error: true } }]
                text: two
            """,
            agent => agent.Write("notes.txt", "old\n"));

        Assert.Contains("compact", Value(happened, "commands").AsArray().Select(c => (string?)c));
        Assert.Contains("simulated-model", Value(happened, "models").AsArray().Select(c => (string?)c));
        Assert.Contains("general-purpose", Value(happened, "agents").AsArray().Select(c => (string?)c));
        Assert.Equal("old\n", (string?)Value(happened, "file"));
        Assert.Contains("total_cost_usd", Value(happened, "usage").AsArray().Select(c => (string?)c));
        Assert.Empty(Value(happened, "plugins").AsArray());
        Assert.Contains("Unsupported control request subtype", (string?)Value(happened, "unknown"), StringComparison.Ordinal);
        Assert.Equal("Bash", (string?)happened.Last(h => (string?)h["what"] == "result")["value"]!["denials"]!.AsArray().Single()!["tool_name"]);
    }
}
