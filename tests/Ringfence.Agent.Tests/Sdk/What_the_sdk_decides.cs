using static Ringfence.Tests.Sdk.SdkScenario;

namespace Ringfence.Tests.Sdk;

/// <summary>Who drives the program has the last word on its tools: by its permission callback and by its hooks.</summary>
public sealed class What_the_sdk_decides
{
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
    public async Task Has_nothing_done_when_a_hook_that_must_not_fail_fails()
    {
        var happened = await RunAsync("withdraw",
            """
            turns:
              - calls: [{ tool: Bash, input: { command: touch made } }]
              - require: [{ result: { tool: Bash, contains: the hook broke, error: true } }]
                text: ok
            """,
            after: agent => Assert.False(File.Exists(Path.Combine(agent.Workspace, "made"))));

        Assert.Equal("ok", (string?)Result(happened)["text"]);
    }
}
