using static Ringfence.Tests.Sdk.SdkScenario;

namespace Ringfence.Tests.Sdk;

/// <summary>Tool servers that the official Agent SDK lends, adds, ends and answers for.</summary>
public sealed class Tool_servers_of_the_sdk
{
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
}
