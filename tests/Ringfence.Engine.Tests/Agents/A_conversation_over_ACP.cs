using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agents;
using Xunit;

namespace Ringfence.Tests.Agents;

public sealed class A_conversation_over_ACP
{
    private const string Initialized = """{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true}}}""";

    private readonly AcpConversation conversation = new("Fix it", resume: null);

    [Fact]
    public void Opens_a_session_in_the_workspace_and_asks_once()
    {
        conversation.Open(null);
        Assert.Equal("initialize", (string?)Said()["method"]);

        Hear(Initialized);
        var opened = Said();
        Assert.Equal("session/new", (string?)opened["method"]);
        Assert.Equal("/workspace", (string?)opened["params"]!["cwd"]);

        Assert.Equal([new AgentEvent.Started("s1", null, null)], Hear("""{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s1"}}"""));
        var asked = Said();
        Assert.Equal("session/prompt", (string?)asked["method"]);
        Assert.Equal("Fix it", (string?)asked["params"]!["prompt"]![0]!["text"]);

        Hear("""{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s1","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"All "}}}}""");
        Hear("""{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s1","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"done."}}}}""");

        Assert.Equal(
            [new AgentEvent.Text("All done."), new AgentEvent.Finished(AgentOutcome.Success, "All done.", null)],
            Hear("""{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"""));
        Assert.True(conversation.Outgoing.Completion.IsCompleted);
    }

    [Fact]
    public void Grants_what_it_is_asked_because_the_walls_hold()
    {
        Begin();

        var said = Hear("""{"jsonrpc":"2.0","id":"ask-7","method":"session/request_permission","params":{"sessionId":"s1","toolCall":{"toolCallId":"c1","kind":"execute","rawInput":{"command":"ls"}},"options":[{"optionId":"no","kind":"reject_once"},{"optionId":"yes","kind":"allow_once"}]}}""");

        Assert.Equal([new AgentEvent.ToolCall("c1", "execute", """{"command":"ls"}""")], said);
        var answer = Said();
        Assert.Equal("ask-7", (string?)answer["id"]);
        Assert.Equal("yes", (string?)answer["result"]!["outcome"]!["optionId"]);
    }

    [Fact]
    public void Tells_a_call_once_and_then_its_result()
    {
        Begin();

        Assert.Empty(Hear("""{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"tool_call","toolCallId":"c1","kind":"execute","title":"ls","status":"pending","rawInput":{}}}}"""));
        Assert.Equal(
            [new AgentEvent.ToolCall("c1", "execute", """{"command":"ls"}""")],
            Hear("""{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"tool_call_update","toolCallId":"c1","kind":"execute","status":"in_progress","rawInput":{"command":"ls"}}}}"""));
        Assert.Empty(Hear("""{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"tool_call_update","toolCallId":"c1","status":"in_progress"}}}"""));
        Assert.Equal(
            [new AgentEvent.ToolResult("c1", false, "a.txt")],
            Hear("""{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"tool_call_update","toolCallId":"c1","status":"completed","content":[{"type":"content","content":{"type":"text","text":"a.txt"}}]}}}"""));
    }

    [Theory]
    [InlineData("fs/read_text_file")]
    [InlineData("terminal/create")]
    [InlineData("craft/drainMidTurnQueue")]
    public void Does_nothing_on_the_host_for_the_agent(string method)
    {
        Begin();
        Hear($$"""{"jsonrpc":"2.0","id":9,"params":{"path":"/etc/passwd"},"method":"{{method}}"}""");

        Assert.Equal(-32601, (int?)Said()["error"]!["code"]);
    }

    [Fact]
    public void Ends_with_the_agents_own_words_when_it_fails()
    {
        conversation.Open(null);
        Said();

        Assert.Equal(
            [new AgentEvent.Finished(AgentOutcome.Failed, "Authentication required", null)],
            Hear("""{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Authentication required"}}"""));
        Assert.True(conversation.Outgoing.Completion.IsCompleted);
    }

    [Fact]
    public void Loads_the_session_that_it_goes_on_with_and_does_not_tell_its_history_again()
    {
        var resumed = new AcpConversation("And now?", "s1");
        resumed.Open(null);
        resumed.Outgoing.TryRead(out _);
        resumed.Read(Encoding.UTF8.GetBytes(Initialized));

        Assert.True(resumed.Outgoing.TryRead(out var bytes));
        Assert.Equal("session/load", (string?)JsonNode.Parse(bytes)!["method"]);
        Assert.Empty(resumed.Read("""{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"tool_call","toolCallId":"old"}}}"""u8));
    }

    private void Begin()
    {
        conversation.Open(null);
        Hear(Initialized);
        Hear("""{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s1"}}""");

        while (conversation.Outgoing.TryRead(out _))
        {
        }
    }

    private IReadOnlyList<AgentEvent> Hear(string line) => conversation.Read(Encoding.UTF8.GetBytes(line));

    private JsonNode Said()
    {
        Assert.True(conversation.Outgoing.TryRead(out var bytes));
        return JsonNode.Parse(bytes)!;
    }
}
