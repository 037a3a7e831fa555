using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>An MCP server that a repository configures for its agent runs inside the sandbox with it, and what it is asked is on the record.</summary>
public sealed class A_repositorys_tool_server
{
    private const string Server =
        """
        import json, sys
        for line in sys.stdin:
            message = json.loads(line)
            if "id" not in message: continue
            method, result, error = message["method"], {}, None
            if method == "initialize":
                result = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "notes", "version": "1"}}
            elif method == "tools/list":
                result = {"tools": [{"name": "recall", "description": "Recalls a note.", "inputSchema": {"type": "object", "properties": {"topic": {"type": "string"}}}}]}
            elif method == "tools/call":
                result = {"content": [{"type": "text", "text": "WHAT-ONLY-THE-SERVER-KNOWS"}]}
            elif method != "ping":
                error = {"code": -32601, "message": "Method not found"}
            answer = {"error": error} if error else {"result": result}
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
        """;

    [Theory(Timeout = Patience)]
    [InlineData("ringfence-agent", "anthropic", "mcp__notes__recall", "Bash", "command")]
    [InlineData("claude-code", "anthropic", "mcp__notes__recall", "Bash", "command")]
    [InlineData("codex", "openai-responses", "mcp__notes__recall", "exec_command", "cmd")]
    [InlineData("gemini-cli", "gemini", "mcp_notes_recall", "run_shell_command", "command")]
    [InlineData("qwen-code", "openai-chat", "mcp__notes__recall", "run_shell_command", "command")]
    [InlineData("opencode", "openai-chat", "notes_recall", "bash", "command")]
    public async Task Answers_the_agent(string agent, string wire, string tool, string shell, string argument)
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            $$"""
            conversations:
              - { name: side, when: { not: { tool: {{shell}} } }, repeat: true, turns: [{ text: A title }] }
            turns:
              - calls: [{ tool: {{tool}}, input: { topic: x } }]
              - require: [{ body: WHAT-ONLY-THE-SERVER-KNOWS }]
                calls: [{ tool: {{shell}}, input: { {{argument}}: "echo asked > asked.txt" } }]
              - text: Asked.
            """);

        var run = await RunAsync(ringfence, agent, wire);

        Assert.True(run.ExitCode == 0, (await ringfence.ModelAsync()).ToJsonString() + run);
        var events = run.Lines.Select(line => JsonNode.Parse(line)!).ToList();

        // Two of them rewrite their settings file at every start: that is a change like any other.
        Assert.Contains("asked.txt", events[^1]["files"]!.AsArray().Select(file => (string?)file!["path"]));
        Assert.Contains(events, StartsTheServer);
    }

    [Theory(Timeout = Patience)]
    [InlineData("ringfence-agent", "anthropic", "Bash", "command")]
    [InlineData("codex", "openai-responses", "exec_command", "cmd")]
    public async Task Is_not_started_when_the_repositorys_configuration_does_not_count(string agent, string wire, string shell, string argument)
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            $$"""
            turns:
              - require: [{ not: { tool: mcp__notes__recall } }]
                calls: [{ tool: {{shell}}, input: { {{argument}}: "echo alone > alone.txt" } }]
              - text: Alone.
            """);

        var run = await RunAsync(ringfence, agent, wire, "--no-repo-config");

        Assert.True(run.ExitCode == 0, (await ringfence.ModelAsync()).ToJsonString() + run);
        Assert.DoesNotContain(run.Lines.Select(line => JsonNode.Parse(line)!), StartsTheServer);
    }

    private static async Task<CliResult> RunAsync(RunningRingfence ringfence, string agent, string wire, params string[] more)
    {
        RealAgents.Place(ringfence, agent);
        const string Servers = """{"mcpServers":{"notes":{"command":"python3","args":["/workspace/server.py"]}}}""";
        await ringfence.CommitAsync(
            ("server.py", Server), (".mcp.json", Servers), (".codex/config.toml", "[mcp_servers.notes]\ncommand = \"python3\"\nargs = [\"/workspace/server.py\"]\n"),
            (".gemini/settings.json", Servers), (".qwen/settings.json", Servers), ("opencode.json", """{"mcp":{"notes":{"type":"local","command":["python3","/workspace/server.py"]}}}"""));

        return await ringfence.CliAsync(
            ["run", "-p", "Ask", "--agent", agent, "--model", "simulated-model", "--json", "--env", "ENABLE_TOOL_SEARCH=false", "--upstream", $"{wire}={ringfence.ModelAddress}", .. more]);
    }

    private static bool StartsTheServer(JsonNode happened) =>
        (string?)happened["type"] == "command.started" && happened["data"]!["arguments"]!.ToJsonString().Contains("server.py", StringComparison.Ordinal);
}
