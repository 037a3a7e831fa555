using static Ringfence.Tests.Sdk.SdkScenario;

namespace Ringfence.Tests.Sdk;

/// <summary>Commands and sub-agents beside the conversation, and the files that they changed.</summary>
public sealed class Work_that_the_sdk_follows
{
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
    public async Task Moves_a_sub_agent_to_the_background_and_hears_what_it_found()
    {
        var happened = await RunAsync("background",
            """
            conversations:
              - name: helper
                when: { system: You are the helper }
                turns: [{ calls: [{ tool: Bash, input: { command: "touch begun; while [ ! -e go ]; do sleep 0.1; done" } }] }, { text: found a heron }]
              - name: main
                turns:
                  - { calls: [{ tool: Task, input: { description: d, prompt: look, subagent_type: helper } }] }
                  - { require: [{ result: { tool: Task, contains: "works in the background. agentId: a" } }], text: meanwhile }
                  - { require: [{ user: "<result>found a heron" }], text: done }
            """);

        Assert.True((bool)Value(happened, "moved")!);
        Assert.Equal("completed", (string?)Value(happened, "ended"));
        Assert.Equal("done", (string?)Result(happened)["text"]);
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
}
