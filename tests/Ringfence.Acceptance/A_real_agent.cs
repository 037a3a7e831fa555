using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>
/// The agents as their makers ship them, unmodified, in the full sandbox against the simulated model: they work, reach nothing but the gateway, go on
/// after failed checks, and a cap or a kill ends them at once.
/// </summary>
public sealed partial class A_real_agent
{
    public static string[] Checks { get; } = ["command", "file write", "denied host", "resume", "budget stop", "kill"];

    public static TheoryData<string> Fetched { get; } = ["claude-code", "codex", "gemini-cli", "opencode", "qwen-code"];

    [Theory(Timeout = Patience)]
    [InlineData("ringfence-agent")]
    [MemberData(nameof(Fetched))]
    public async Task Passes_its_own_test(string agent)
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        RealAgents.Place(ringfence, agent);

        var test = await ringfence.CliAsync("agents", "test", agent, "--json");

        Assert.True(test.Output.StartsWith('['), test.ToString());
        var rows = JsonNode.Parse(test.Output)![0]!["rows"]!.AsArray();
        Assert.Equal(Checks, rows.Select(row => (string?)row!["check"]));

        // A machine that does much else may end it later than an agent's test asks for; that it is ended is what counts here.
        Assert.All(rows, row => Assert.True((bool)row!["passed"]! || MerelyLate().IsMatch((string)row["detail"]!), test.ToString()));
        Assert.Empty(Directory.EnumerateFileSystemEntries(ringfence.Temporary));
    }

    [Theory(Timeout = Patience)]
    [InlineData("opencode", "acp:opencode acp")]
    [InlineData("gemini-cli", "acp:gemini-cli --acp")]
    [InlineData("qwen-code", "acp:qwen-code --acp")]
    public async Task Works_over_ACP(string package, string agent)
    {
        var tools = new Dictionary<string, (string Shell, string Path, string Write)>
        {
            ["opencode"] = ("bash", "filePath", "write"),
            ["gemini-cli"] = ("run_shell_command", "file_path", "write_file"),
            ["qwen-code"] = ("run_shell_command", "file_path", "write_file"),
        };
        var (shell, path, write) = tools[package];
        await using var ringfence = await RunningRingfence.StartAsync(
            $$"""
            conversations:
              - { name: side, when: { not: { tool: {{shell}} } }, repeat: true, turns: [{ text: A title }] }
              - name: main
                turns:
                  - calls: [{ tool: {{shell}}, input: { command: cat start.txt } }]
                  - require: [{ result: { tool: {{shell}}, contains: from the file } }]
                    calls: [{ tool: {{write}}, input: { {{path}}: /workspace/made.txt, content: made } }]
                  - text: Both done.
              - { name: what an agent asks itself about afterwards, repeat: true, turns: [{ text: Nothing. }] }
            """);
        RealAgents.Place(ringfence, package);
        await ringfence.CommitAsync(("start.txt", "from the file\n"));

        var run = await ringfence.CliAsync(
            "run", "-p", "Do it", "--agent", agent, "--model", "simulated-model", "--json", "--upstream", (package == "gemini-cli" ? "gemini=" : "openai-chat=") + ringfence.ModelAddress);

        Assert.True(run.ExitCode == 0, run.ToString());
        var events = run.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal("made", (await ringfence.GitAsync("show", $"ringfence/{events[^1]["id"]}:made.txt")).TrimEnd());
        Assert.Contains(events, e => (string?)e["type"] == "tool.called");
        Assert.Contains(events, e => (string?)e["type"] == "agent.said" && (string?)e["data"]!["text"] == "Both done.");
    }

    [Fact]
    public async Task Is_asked_for_by_name_when_it_is_not_installed()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("a.txt", "a"));
        ringfence.Environment["PATH"] = string.Join(':', ringfence.Environment["PATH"].Split(':').Where(folder => !File.Exists(Path.Combine(folder, "codex"))));

        var run = await ringfence.CliAsync("run", "-p", "x", "--agent", "codex", "--upstream", "openai-responses=http://127.0.0.1:9");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("[agent_not_installed]", run.Error, StringComparison.Ordinal);
        Assert.Contains("ringfence agents install codex", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Need_not_be_installed_again_when_the_search_path_has_it()
    {
        await using var ringfence = await RunningRingfence.StartAsync("turns: [{ text: unused }]");
        await ringfence.CommitAsync(("a.txt", "a"));
        var folder = Path.Combine(ringfence.Environment["HOME"], ".local", "bin");
        var program = Path.Combine(folder, "claude");
        Tests.Executable.Write(
            program,
            """
            #!/bin/sh
            [ "$1" != --version ] || { echo '9.8.7 (Claude Code)'; exit; }
            ls "$(dirname "$0")" > made.txt
            echo '{"type":"result","subtype":"success","is_error":false,"result":"Made.","session_id":"s"}'

            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "beside"), "not for agents", TestContext.Current.CancellationToken);
        ringfence.Environment["PATH"] = folder + ":" + ringfence.Environment["PATH"];

        var agents = JsonNode.Parse((await ringfence.CliAsync("agents", "--json")).Output)!.AsArray();
        var claude = agents.Single(agent => (string?)agent!["name"] == "claude-code")!;
        Assert.Equal(("9.8.7", program, true), ((string?)claude["version"], (string?)claude["path"], (bool)claude["ready"]!));

        var run = await ringfence.CliAsync("run", "-p", "Make it", "--agent", "claude-code", "--json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("note: Claude Code 9.8.7 was not tested", run.Error, StringComparison.Ordinal);
        var events = run.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal("claude", (await ringfence.GitAsync("show", $"ringfence/{events[^1]["id"]}:made.txt")).TrimEnd());
        Assert.Contains(events, happened => (string?)happened["type"] == "run.started" && happened["data"]!.ToJsonString().Contains("9.8.7", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^\$0\.[0-4][0-9]* of \$0\.50 spent, ended [0-9.]+ s after the cap, 0 calls after it$|^everything ended within [0-9.]+ s, 0 processes left$")]
    private static partial Regex MerelyLate();
}
