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

    [Fact]
    public async Task Puts_files_back_to_what_they_were_at_a_prompt()
    {
        byte[] before = [0xEF, 0xBB, 0xBF, .. "one\r\ntwo"u8];

        var happened = await RunAsync("rewind",
            """
            turns:
              - calls: [{ tool: Read, input: { file_path: crlf.txt } }, { tool: Read, input: { file_path: script.sh } }, { tool: Read, input: { file_path: gone.txt } }]
              - calls:
                  - { tool: Edit, input: { file_path: crlf.txt, old_string: two, new_string: TWO } }
                  - { tool: Edit, input: { file_path: script.sh, old_string: echo, new_string: printf } }
                  - { tool: Edit, input: { file_path: gone.txt, old_string: here, new_string: there } }
                  - { tool: Write, input: { file_path: deep/new.txt, content: new } }
                  - { tool: Bash, input: { command: "chmod 600 script.sh && rm gone.txt" } }
              - { text: first }
              - calls: [{ tool: Edit, input: { file_path: crlf.txt, old_string: TWO, new_string: THREE } }, { tool: Write, input: { file_path: second.txt, content: second } }]
              - { text: second }
            """,
            agent =>
            {
                File.WriteAllBytes(agent.Write("crlf.txt", ""), before);
                File.SetUnixFileMode(agent.Write("script.sh", "#!/bin/sh\necho hi\n"), (UnixFileMode)0b111_101_000);
                agent.Write("gone.txt", "here\n");
            },
            agent =>
            {
                Assert.Equal(before, File.ReadAllBytes(Path.Combine(agent.Workspace, "crlf.txt")));
                Assert.Equal("#!/bin/sh\necho hi\n", agent.Read("script.sh"));
                Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(Path.Combine(agent.Workspace, "script.sh")));
                Assert.Equal("here\n", agent.Read("gone.txt"));
                Assert.False(File.Exists(Path.Combine(agent.Workspace, "deep/new.txt")));
                Assert.False(File.Exists(Path.Combine(agent.Workspace, "second.txt")));
            });

        var preview = Value(happened, "preview");
        Assert.Equal(["crlf.txt", "new.txt", "gone.txt", "script.sh", "second.txt"], preview["filesChanged"]!.AsArray().Select(f => Path.GetFileName((string)f!)));
        Assert.Equal(["crlf.txt", "second.txt"], Value(happened, "second")["filesChanged"]!.AsArray().Select(f => Path.GetFileName((string)f!)));
        Assert.Contains("TWO", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String((string)Value(happened, "text")!)), StringComparison.Ordinal);
        Assert.True((bool)Value(happened, "rewound")["canRewind"]!);
        Assert.Equal("No file checkpoint found for this message.", (string?)Value(happened, "refused"));
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

    [Fact]
    public async Task Moves_a_command_to_the_background_and_stops_it()
    {
        var happened = await RunAsync("tasks",
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "touch begun; sleep 60" } }]
              - require: [{ result: { tool: Bash, contains: "running in background with ID: bash_1" } }]
                text: it goes on
            """);

        Assert.True((bool)Value(happened, "moved")!);
        Assert.Equal("bash_1", (string?)Value(happened, "started"));
        Assert.Equal("stopped", (string?)Value(happened, "ended"));
    }

    [Fact]
    public async Task Adds_ends_and_restarts_tool_servers()
    {
        var happened = await RunAsync("connect",
            """
            turns:
              - { require: [{ tool: mcp__given__echo }], text: one }
              - { require: [{ tool: mcp__own__speak }, { tool: mcp__given__echo }], calls: [{ tool: mcp__own__speak, input: {} }] }
              - { require: [{ result: { tool: mcp__own__speak, contains: own } }], text: two }
            """);

        var sets = happened.Where(h => (string?)h["what"] == "set").Select(h => h["value"]!).ToArray();
        Assert.Equal(["own", "broken"], sets[0]["added"]!.AsArray().Select(a => (string?)a).OrderDescending());
        Assert.Equal(["broken"], sets[0]["errors"]!.AsObject().Select(e => e.Key));
        Assert.Equal(["broken"], sets[1]["removed"]!.AsArray().Select(a => (string?)a));

        var states = happened.Where(h => (string?)h["what"] == "status").Select(h => h["value"]!.ToJsonString()).ToArray();
        Assert.Equal("""[["given","connected",true],["broken","failed",false],["own","connected",true]]""", states[0]);
        Assert.Contains("""["given","disabled",false]""", states[1], StringComparison.Ordinal);
        Assert.Contains("""["given","connected",true]""", states[2], StringComparison.Ordinal);
        Assert.Equal("Server not found: nobody", (string?)Value(happened, "refused"));
    }

    [Fact]
    public async Task Answers_what_a_tool_server_asks()
    {
        var happened = await RunAsync("elicit",
            """
            turns:
              - { require: [{ tool: mcp__all__trigger-elicitation-request }], calls: [{ tool: mcp__all__trigger-elicitation-request, input: {} }] }
              - { require: [{ result: { tool: mcp__all__trigger-elicitation-request, contains: Heron } }], text: hello Heron }
            """);

        Assert.Equal("""["all","object"]""", Value(happened, "elicited").ToJsonString());
    }

    [Fact]
    public async Task Follows_sub_agents()
    {
        var happened = await RunAsync("helpers",
            """
            conversations:
              - name: helper
                when: { system: You are the helper }
                turns: [{ text: looking, calls: [{ tool: Bash, input: { command: pwd } }], usage: { input: 500, output: 10 } }, { text: found, usage: { input: 500, output: 10 } }]
              - name: main
                turns:
                  - { calls: [{ tool: Task, input: { description: d, prompt: look, subagent_type: helper } }], usage: { input: 1000, output: 10 } }
                  - { require: [{ result: { tool: Task, contains: found } }], text: done, usage: { input: 1000, output: 10 } }
            """);

        Assert.Equal("""["SubagentStart","helper"] ["SubagentStop",true]""", string.Join(' ', happened.Where(h => (string?)h["what"] == "hook").Select(h => h["value"]!.ToJsonString())));
        Assert.Equal(["user", "assistant", "user"], Value(happened, "seen").AsArray().Select(s => (string?)s![0]));
        Assert.Equal("[2000,3000]", Value(happened, "cost").ToJsonString());
    }

    [Fact]
    public async Task Keeps_the_session_in_a_store_of_its_own()
    {
        var happened = await RunAsync("mirror", OneText);

        Assert.Empty(new[] { "user", "assistant" }.Except(Value(happened, "mirrored").AsArray().Select(l => (string?)l)));
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

    private static JsonNode Value(IEnumerable<JsonObject> happened, string what) => happened.First(h => (string?)h["what"] == what)["value"]!;

    private static JsonObject Result(IReadOnlyList<JsonObject> happened) => happened.Single(h => (string?)h["what"] == "result")["value"]!.AsObject();

    private static IEnumerable<string?> Strings(IEnumerable<JsonObject> happened, string what) =>
        happened.Where(h => (string?)h["what"] == what).Select(h => (string?)h["value"]);

    private static async Task<IReadOnlyList<JsonObject>> RunAsync(string scenario, string script, Action<AgentProcess>? before = null, Action<AgentProcess>? after = null)
    {
        Node.SkipWithoutPackages();
        await using var agent = await AgentProcess.WithModelAsync(script);
        before?.Invoke(agent);

        using var process = Process.Start(agent.Prepare("node", [Path.Combine(Node.Directory, "sdk.mjs"), Node.ExecutableFor(agent), scenario]))!;
        var run = await AgentProcess.FinishAsync(process, "");
        Assert.True(run.Events is [.., var last] && ((string?)last["value"] == "ok" || scenario == "failure"), run.Output + run.Error);
        Assert.Empty(agent.Model.Mismatches);
        after?.Invoke(agent);
        return run.Events;
    }
}
