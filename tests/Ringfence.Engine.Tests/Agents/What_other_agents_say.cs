using System.Text;
using Ringfence.Agents;
using Xunit;

namespace Ringfence.Tests.Agents;

/// <summary>Lines as the agents printed them, in the versions that their descriptions name.</summary>
public sealed class What_other_agents_say
{
    [Fact]
    public void Is_understood_of_Codex()
    {
        var said = Read(
            new CodexReader(),
            """{"type":"thread.started","thread_id":"01a1fb94-913f-7670-862f-5fb1c84414a1"}""",
            """{"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `m` not found."}}""",
            """{"type":"turn.started"}""",
            """{"type":"item.started","item":{"id":"item_2","type":"command_execution","command":"/bin/bash -lc 'cat a.txt; exit 3'","aggregated_output":"","exit_code":null,"status":"in_progress"}}""",
            """{"type":"item.completed","item":{"id":"item_2","type":"command_execution","command":"/bin/bash -lc 'cat a.txt; exit 3'","aggregated_output":"hello\n","exit_code":3,"status":"failed"}}""",
            """{"type":"item.completed","item":{"id":"item_4","type":"agent_message","text":"All done."}}""",
            """{"type":"turn.completed","usage":{"input_tokens":21230,"cached_input_tokens":0,"output_tokens":34}}""");

        Assert.Equal(
            [
                new AgentEvent.Started("01a1fb94-913f-7670-862f-5fb1c84414a1", null, null),
                new AgentEvent.Warning("Model metadata for `m` not found."),
                new AgentEvent.ToolCall("item_2", "command", """{"command":"/bin/bash -lc 'cat a.txt; exit 3'"}"""),
                new AgentEvent.ToolResult("item_2", true, "hello\n"),
                new AgentEvent.Text("All done."),
                new AgentEvent.Used(21230, 34),
                new AgentEvent.Finished(AgentOutcome.Success, "All done.", null),
            ],
            said);
    }

    [Fact]
    public void Is_the_providers_own_sentence_when_Codex_fails()
    {
        var said = Read(new CodexReader(), """{"type":"turn.failed","error":{"message":"{\"error\":{\"message\":\"The budget is used up.\",\"type\":\"permission_error\",\"param\":null,\"code\":null}}"}}""");

        Assert.Equal([new AgentEvent.Finished(AgentOutcome.Failed, "The budget is used up.", null)], said);
    }

    [Fact]
    public void Is_understood_of_Gemini_with_its_pieces_of_text_joined()
    {
        var said = Read(
            new GeminiReader(),
            """{"type":"init","timestamp":"2026-11-21T00:49:41.896Z","session_id":"74c3fd6b","model":"m"}""",
            """{"type":"message","role":"user","content":"Do the task"}""",
            """{"type":"message","role":"assistant","content":"Looking ","delta":true}""",
            """{"type":"message","role":"assistant","content":"around.","delta":true}""",
            """{"type":"tool_use","tool_name":"run_shell_command","tool_id":"t1","parameters":{"command":"cat a.txt"}}""",
            """{"type":"tool_result","tool_id":"t1","status":"success","output":"hello"}""",
            """{"type":"message","role":"assistant","content":"All done.","delta":true}""",
            """{"type":"result","status":"success","stats":{"total_tokens":26505}}""");

        Assert.Equal(
            [
                new AgentEvent.Started("74c3fd6b", "m", null),
                new AgentEvent.Text("Looking around."),
                new AgentEvent.ToolCall("t1", "run_shell_command", """{"command":"cat a.txt"}"""),
                new AgentEvent.ToolResult("t1", false, "hello"),
                new AgentEvent.Text("All done."),
                new AgentEvent.Finished(AgentOutcome.Success, "All done.", null),
            ],
            said);
    }

    [Fact]
    public void Is_kept_when_Gemini_is_cut_off_within_its_text()
    {
        var reader = new GeminiReader();
        Assert.Empty(Read(reader, """{"type":"message","role":"assistant","content":"half","delta":true}"""));

        Assert.Equal([new AgentEvent.Text("half")], reader.End());
    }

    [Fact]
    public void Is_the_providers_own_sentence_when_Gemini_fails()
    {
        var said = Read(new GeminiReader(), """{"type":"result","status":"error","error":{"type":"unknown","message":"[API Error: {\"error\":{\"code\":403,\"message\":\"The budget is used up.\",\"status\":\"permission_error\"}}]"},"stats":{}}""");

        Assert.Equal([new AgentEvent.Finished(AgentOutcome.Failed, "The budget is used up.", null)], said);
    }

    [Fact]
    public void Is_understood_of_opencode_which_has_no_result_line()
    {
        var said = Read(
            new OpencodeReader(),
            """{"type":"step_start","sessionID":"ses_1","part":{"type":"step-start"}}""",
            """{"type":"tool_use","sessionID":"ses_1","part":{"type":"tool","tool":"bash","callID":"c1","state":{"status":"completed","input":{"command":"exit 3"},"output":"hello\n","metadata":{"exit":3}}}}""",
            """{"type":"step_finish","sessionID":"ses_1","part":{"reason":"tool-calls","type":"step-finish"}}""",
            """{"type":"step_start","sessionID":"ses_1","part":{"type":"step-start"}}""",
            """{"type":"text","sessionID":"ses_1","part":{"type":"text","text":"All done."}}""",
            """{"type":"step_finish","sessionID":"ses_1","part":{"reason":"stop","type":"step-finish"}}""");

        Assert.Equal(
            [
                new AgentEvent.Started("ses_1", null, null),
                new AgentEvent.ToolCall("c1", "bash", """{"command":"exit 3"}"""),
                new AgentEvent.ToolResult("c1", true, "hello\n"),
                new AgentEvent.Text("All done."),
                new AgentEvent.Finished(AgentOutcome.Success, "All done.", 2),
            ],
            said);
    }

    [Fact]
    public void Is_an_error_of_opencode_even_after_a_good_end()
    {
        var said = Read(
            new OpencodeReader(),
            """{"type":"step_finish","sessionID":"s","part":{"reason":"stop"}}""",
            """{"type":"error","sessionID":"s","error":{"name":"APIError","data":{"message":"The budget is used up.","statusCode":403,"isRetryable":false}}}""");

        Assert.Equal(new AgentEvent.Finished(AgentOutcome.Failed, "The budget is used up.", 0), said[^1]);
    }

    [Fact]
    public void Is_told_by_Qwen_Code_in_Claudes_words_but_its_own_error()
    {
        var said = Read(new ClaudeStreamReader(), """{"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":1,"error":{"message":"[API Error: 403 The budget is used up.]"}}""");

        Assert.Equal([new AgentEvent.Finished(AgentOutcome.Failed, "[API Error: 403 The budget is used up.]", 1)], said);
    }

    [Theory]
    [InlineData("half a li")]
    [InlineData("[1,2]")]
    [InlineData("""{"type":"brand_new","part":7}""")]
    [InlineData("""{"type":"item.completed","item":{"id":5,"type":[]}}""")]
    [InlineData("""{"type":"tool_use","part":"x"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":5}""")]
    public void May_be_anything_without_harm(string line)
    {
        AgentEventReader[] readers = [new CodexReader(), new GeminiReader(), new OpencodeReader(), new AcpConversation("p", null)];

        Assert.All(readers, reader => Assert.NotNull(reader.Read(Encoding.UTF8.GetBytes(line))));
    }

    private static List<AgentEvent> Read(AgentEventReader reader, params IEnumerable<string> lines) =>
        [.. lines.SelectMany(line => reader.Read(Encoding.UTF8.GetBytes(line)))];
}
