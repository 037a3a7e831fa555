using System.Text;
using Ringfence.Agents;
using Xunit;

namespace Ringfence.Tests.Agents;

public sealed class What_an_agent_says
{
    private readonly ClaudeStreamReader reader = new();

    [Fact]
    public void Is_read_block_by_block()
    {
        var said = Read("""{"type":"assistant","message":{"content":[{"type":"text","text":"Hi"},{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"}}]}}""");

        Assert.Equal([new AgentEvent.Text("Hi"), new AgentEvent.ToolCall("t1", "Bash", """{"command":"ls"}""")], said);
    }

    [Fact]
    public void Joins_the_blocks_of_a_tool_result()
    {
        var said = Read("""{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"text","text":"no "},{"type":"text","text":"such file"}]}]}}""");

        Assert.Equal([new AgentEvent.ToolResult("t1", true, "no such file")], said);
    }

    [Theory]
    [InlineData("""{"type":"result","subtype":"success","is_error":false,"result":"ok"}""", AgentOutcome.Success)]
    [InlineData("""{"type":"result","subtype":"success","is_error":true,"result":"API Error: 403"}""", AgentOutcome.Failed)]
    [InlineData("""{"type":"result","subtype":"error_max_turns","is_error":true,"errors":["x"]}""", AgentOutcome.MaxTurns)]
    [InlineData("""{"type":"result","subtype":"error_max_budget_usd","is_error":true}""", AgentOutcome.MaxCost)]
    [InlineData("""{"type":"result","subtype":"something_new","is_error":false}""", AgentOutcome.Failed)]
    public void Is_believed_by_is_error_and_not_by_subtype(string line, AgentOutcome outcome) =>
        Assert.Equal(outcome, Assert.IsType<AgentEvent.Finished>(Assert.Single(Read(line))).Outcome);

    [Theory]
    [InlineData("half a li")]
    [InlineData("[1,2]")]
    [InlineData("""{"type":"brand_new"}""")]
    [InlineData("""{"type":"assistant","message":{"content":[{"type":5}]}}{""")]
    public void May_be_anything_without_harm(string line) => Assert.All(Read(line), said => Assert.IsType<AgentEvent.Unknown>(said));

    private IReadOnlyList<AgentEvent> Read(string line) => reader.Read(Encoding.UTF8.GetBytes(line));
}
