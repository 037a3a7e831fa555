using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Servers;

/// <summary>Whatever a tool server does wrong costs its tools at most: it is told what it was, and the work goes on.</summary>
public sealed class A_faulty_tool_server
{
    [Theory]
    [InlineData("agrees-to-all")]
    [InlineData("is-silent")]
    [InlineData("talks")]
    [InlineData("none")]
    public async Task That_answers_what_matters_lends_its_tools(string fault)
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - { require: [{ tool: mcp__odd__work }], calls: [{ tool: mcp__odd__work, input: {} }] }
              - { require: [{ result: { tool: mcp__odd__work, contains: worked } }], text: ok }
            """);

        Assert.Equal("ok\n", (await RunAsync(agent, fault)).Output);
    }

    [Theory]
    [InlineData("dies-at-start", "no heron in this house")]
    [InlineData("hangs-at-start", "no answer within 2 s")]
    public async Task That_never_begins_is_told_and_done_without(string fault, string told)
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: ok }] }");

        if (fault == "hangs-at-start")
        {
            agent.Environment["MCP_TIMEOUT"] = "2000";
        }

        var run = await RunAsync(agent, fault, "--output-format", "stream-json", "--verbose");

        Assert.Contains("MCP server odd: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.Equal((0, "failed"), (run.ExitCode, (string?)run.OfType("system", "init").Single()["mcp_servers"]![0]!["status"]));
    }

    [Theory]
    [InlineData("dies-in-a-call", "it ended with exit code 3: no more memory for herons")]
    [InlineData("hangs-in-a-call", "no answer within 2 s")]
    [InlineData("endless-line", "it sent a message of more than 32 MiB")]
    public async Task That_fails_in_a_call_is_an_error_for_the_model_which_says_why(string fault, string told)
    {
        await using var agent = await AgentProcess.WithModelAsync(
            $$"""
            turns:
              - calls: [{ tool: mcp__odd__work, input: {} }]
              - { require: [{ result: { tool: mcp__odd__work, contains: "odd: {{told}}", error: true } }], text: ok }
            """);
        agent.Environment["MCP_TOOL_TIMEOUT"] = fault == "hangs-in-a-call" ? "2000" : "";

        Assert.Equal("ok\n", (await RunAsync(agent, fault)).Output);
    }

    [Fact]
    public async Task That_has_tools_without_end_lends_as_many_as_there_is_room_for()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ require: [{ tool: mcp__odd__tool_199 }, { not: { tool: mcp__odd__tool_200 } }], text: ok }] }");

        var run = await RunAsync(agent, "thousands");

        Assert.Equal("ok\n", run.Output);
        Assert.Contains("MCP server odd: of its tools 200 are offered", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whose_names_no_provider_takes_lends_the_others()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ require: [{ tool: mcp__odd__work }, { tool: mcp__odd__a_b }], text: ok }] }");

        var run = await RunAsync(agent, "odd-names");

        Assert.Equal("ok\n", run.Output);
        Assert.Contains("MCP server odd: of its tools 2 are offered", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slow-pattern", "cannot be held against (a+)+$", true)]
    [InlineData("foreign-pattern", "worked", false)]
    public async Task Whose_schema_nobody_can_check_ends_no_session(string fault, string told, bool isError)
    {
        await using var agent = await AgentProcess.WithModelAsync(
            $$"""
            turns:
              - calls: [{ tool: mcp__odd__work, input: { word: "{{new string('a', 60)}}!" } }]
              - { require: [{ result: { tool: mcp__odd__work, contains: "{{told}}", error: {{(isError ? "true" : "false")}} } }], text: ok }
            """);

        Assert.Equal("ok\n", (await RunAsync(agent, fault)).Output);
    }

    [Fact]
    public async Task That_answers_without_measure_is_cut_and_the_cut_is_stated()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: mcp__odd__work, input: {} }]
              - { require: [{ result: { tool: mcp__odd__work, contains: "[80000 more characters are left out.]" } }], text: ok }
            """);

        Assert.Equal("ok\n", (await RunAsync(agent, "much-text")).Output);
        Assert.InRange(agent.Model.Requests[^1].Text.Length, 90_000, 200_000);
    }

    [Fact]
    public async Task That_changes_its_tools_lends_the_new_ones_too()
    {
        // It says so before it answers, but nobody promises that it is heard first: the model asks until it has the new one.
        await using var agent = await AgentProcess.WithModelAsync(
            """
            conversations:
              - name: grown
                when: { tool: mcp__odd__grown }
                turns: [{ text: ok }]
              - name: before
                turns:
                  - { times: 5, calls: [{ tool: mcp__odd__work, input: {} }] }
            """);

        Assert.Equal("ok\n", (await RunAsync(agent, "changes")).Output);
    }

    private static Task<AgentRun> RunAsync(AgentProcess agent, string fault, params string[] arguments)
    {
        var server = new JsonObject { ["command"] = "python3", ["args"] = new JsonArray(Path.Combine(Here(), "odd_server.py"), fault) };
        var servers = new JsonObject { ["mcpServers"] = new JsonObject { ["odd"] = server } };
        return agent.RunAsync(["-p", "go", "--mcp-config", servers.ToJsonString(), "--allowedTools", "mcp__odd", .. arguments]);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
