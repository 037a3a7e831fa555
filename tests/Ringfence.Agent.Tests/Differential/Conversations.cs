using System.Text.Json.Nodes;

namespace Ringfence.Tests.Differential;

internal static class Conversations
{
    private const string Hello = "{ turns: [{ text: hello }] }";
    private const string Session = "5b0c1a52-4d7c-4b8e-9d5c-0f6a3c1e2d10";

    public static IReadOnlyList<Conversation> All { get; } =
    [
        new("an answer", Hello, Run.Stream()),
        new("an answer as text", Hello, new Run("-p", "go")),
        new("an answer as json", Hello, new Run("-p", "go", "--output-format", "json")),
        new("an answer piece by piece", "{ turns: [{ text: hello there, chunk: 5 }] }", Run.Stream("--include-partial-messages")),

        new("files that are read, changed and written",
            """
            turns:
              - { text: First I look., calls: [{ tool: Read, input: { file_path: WORKSPACE/a.txt } }] }
              - { calls: [{ tool: Edit, input: { file_path: WORKSPACE/a.txt, old_string: one, new_string: two } }, { tool: Write, input: { file_path: WORKSPACE/new.txt, content: new } }] }
              - { text: done }
            """, Run.Stream("--permission-mode", "acceptEdits")) { Files = Files(("a.txt", "one\n")) },

        new("commands that work and fail",
            """
            turns:
              - { calls: [{ tool: Bash, input: { command: "echo heron" } }, { tool: Bash, input: { command: "echo no >&2; exit 3" } }] }
              - { text: done }
            """, Run.Stream("--allowedTools", "Bash")),

        new("a call that nobody allowed", "{ turns: [{ calls: [{ tool: Bash, input: { command: touch x } }, { tool: Write, input: { file_path: WORKSPACE/x, content: x } }] }, { text: a pity }] }", Run.Stream()),

        new("a call that a rule forbids", "{ turns: [{ calls: [{ tool: Bash, input: { command: whoami } }] }, { text: a pity }] }",
            Run.Stream("--allowedTools", "Bash", "--settings", """{"permissions":{"deny":["Bash(whoami)"]}}""")),

        new("a call where nobody is asked", "{ turns: [{ calls: [{ tool: Bash, input: { command: touch x } }] }, { text: a pity }] }", Run.Stream("--permission-mode", "dontAsk")),

        new("too many turns", "{ turns: [{ times: 3, calls: [{ tool: Bash, input: { command: pwd } }] }] }", Run.Stream("--max-turns", "2")),

        new("calls that are none", "{ turns: [{ calls: [{ tool: Nope, input: {} }, { tool: Read, input: { nope: 1 } }, { tool: Read, input: { file_path: WORKSPACE/missing } }] }, { text: I see }] }", Run.Stream()),

        new("an answer that is cut off once", "{ turns: [{ text: half, stop: max_tokens }, { text: whole }] }", Run.Stream()),
        new("an answer that is always cut off", "{ turns: [{ text: '', stop: max_tokens, times: 9 }] }", Run.Stream()),
        new("an answer that is withheld", "{ turns: [{ text: no, stop: refusal, times: 5 }] }", Run.Stream()),
        new("an answer that is empty", "{ turns: [{ text: '' }, { text: something }] }", Run.Stream()),

        new("a provider that says no", "{ turns: [{ status: 403, error: 'permission_error: no', times: 5 }] }", Run.Stream()),
        new("a provider that is overloaded once", "{ turns: [{ status: 529, error: 'overloaded_error: busy' }, { text: hello }] }", Run.Stream()),

        new("an answer in a form", "{ turns: [{ calls: [{ tool: StructuredOutput, input: { answer: 42 } }] }] }",
            Run.Stream("--json-schema", """{"type":"object","properties":{"answer":{"type":"number"}},"required":["answer"]}""")),

        new("a sub-agent",
            """
            conversations:
              - name: helper
                when: { prompt: LOOK }
                turns: [{ text: looking, calls: [{ tool: Read, input: { file_path: WORKSPACE/a.txt } }] }, { text: found it }]
              - name: main
                turns: [{ calls: [{ tool: Agent, input: { description: look, prompt: LOOK, subagent_type: general-purpose, run_in_background: false } }] }, { text: done }]
            """, Run.Stream()) { Files = Files(("a.txt", "one\n")) },

        // It works until the hook at the end of the turn lets it go on, so that it is never done before that.
        new("a sub-agent in the background",
            """
            conversations:
              - name: helper
                when: { prompt: LOOK }
                turns: [{ calls: [{ tool: Bash, input: { command: "while [ ! -e WORKSPACE/go ]; do sleep 0.1; done" } }] }, { text: found it }]
              - name: main
                turns: [{ calls: [{ tool: Agent, input: { description: look, prompt: LOOK, subagent_type: general-purpose, run_in_background: true } }] }, { text: begun }, { require: [{ user: found it }], text: heard }]
            """, Run.Stream("--allowedTools", "Bash", "--settings", """{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"touch WORKSPACE/go"}]}]}}""")),

        new("a hook that blocks", "{ turns: [{ calls: [{ tool: Bash, input: { command: pwd } }] }, { text: a pity }] }",
            Run.Stream("--include-hook-events", "--settings", """{"hooks":{"PreToolUse":[{"matcher":"Bash","hooks":[{"type":"command","command":"echo not here >&2; exit 2"}]}]}}""")),

        new("a session that goes on", "{ turns: [{ text: one }, { require: [{ body: one }], text: two }] }", Run.Stream("--session-id", Session), Run.Stream("--resume", Session)),
        new("a session that is not there", Hello, Run.Stream("--resume", Session)),

        new("two prompts of a driving program", "{ turns: [{ text: one }, { text: two }] }", Run.Driven(
            [Request("initialize"), "after control_response", Prompt("first", "11111111-1111-4111-8111-111111111111"), "after result", Prompt("second", null), "after result"], "--replay-user-messages")),

        new("a driving program that is asked",
            "{ turns: [{ calls: [{ tool: Bash, input: { command: touch x } }, { tool: Bash, input: { command: touch y } }] }, { text: done }] }",
            Run.Driven([Request("initialize"), "after control_response", Prompt("go", null), "after result"], "--permission-prompt-tool", "stdio") with
            {
                Answer = asked => (string?)asked["input"]!["command"] == "touch x"
                    ? new JsonObject { ["behavior"] = "allow", ["updatedInput"] = new JsonObject { ["command"] = "echo changed" } }
                    : new JsonObject { ["behavior"] = "deny", ["message"] = "not that" },
            }),

        new("a driving program that interrupts", "{ turns: [{ calls: [{ tool: Bash, input: { command: sleep 60 } }] }, { text: gladly, times: 3 }] }", Run.Driven(
            [Prompt("wait", null), "after assistant", Request("interrupt"), "after result", Prompt("go on", null), "after result"], "--allowedTools", "Bash")),
    ];

    private static Dictionary<string, string> Files(params (string Name, string Text)[] files) => files.ToDictionary(f => f.Name, f => f.Text, StringComparer.Ordinal);

    private static string Request(string subtype) =>
        new JsonObject { ["type"] = "control_request", ["request_id"] = subtype, ["request"] = new JsonObject { ["subtype"] = subtype } }.ToJsonString();

    private static string Prompt(string text, string? uuid)
    {
        var line = new JsonObject { ["type"] = "user", ["message"] = new JsonObject { ["role"] = "user", ["content"] = text }, ["parent_tool_use_id"] = null };

        if (uuid is not null)
        {
            line["uuid"] = uuid;
        }

        return line.ToJsonString();
    }
}
