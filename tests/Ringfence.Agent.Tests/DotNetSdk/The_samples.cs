using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.DotNetSdk;

/// <summary>The programs of <c>samples/agent-sdk</c> as their readers start them, with this agent and with Claude Code as its maker ships it.</summary>
public sealed class The_samples
{
    public static TheoryData<string> Agents { get; } = ["ringfence-agent", "claude"];

    [Theory]
    [MemberData(nameof(Agents))]
    public async Task Tell_what_happens_as_it_happens(string agent)
    {
        await using var work = await WithModelAsync(
            """
            - text: I write it.
              calls: [{ tool: Write, input: { file_path: haiku.txt, content: Posts in the snow } }]
            - require: [{ result: { tool: Write, error: false } }]
              text: Done.
            """);

        var output = await RunAsync(work, agent, "one-prompt");

        Assert.Equal($"I write it.\n[Write haiku.txt]\nDone.\nsuccess after 2 turns\n", output.Replace("\n\n", "\n", StringComparison.Ordinal));
        Assert.Equal("Posts in the snow", work.Read("haiku.txt"));
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public async Task Decide_what_may_be_done_and_change_it(string agent)
    {
        await using var work = await WithModelAsync(
            """
            - calls: [{ tool: Bash, input: { command: "rm -rf keep.txt", description: cleans up } }]
            - require: [{ result: { tool: Bash, contains: "would run: rm -rf keep.txt" } }]
              calls: [{ tool: Write, input: { file_path: .env, content: KEY=1 } }]
            - require: [{ result: { tool: Write, contains: "Secrets are not for agents.", error: true } }]
              calls: [{ tool: Write, input: { file_path: notes.txt, content: kept } }]
            - require: [{ result: { tool: Write, error: false } }]
              calls: [{ tool: Bash, input: { command: "touch made.txt", description: makes a file } }]
            - require: [{ result: { tool: Bash, contains: "Bash is not wanted here.", error: true } }]
              text: Clean.
            """);
        work.Write("keep.txt", "x");

        Assert.Equal("Clean.\n", await RunAsync(work, agent, "permissions"));
        Assert.Equal(["keep.txt", "notes.txt"], Directory.EnumerateFiles(work.Workspace).Select(Path.GetFileName).Order());
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public async Task Lend_methods_as_tools(string agent)
    {
        await using var work = await WithModelAsync(
            """
            - calls: [{ tool: mcp__shop__stock, input: { article: gates } }]
            - require: [{ result: { tool: mcp__shop__stock, error: true } }]
              calls: [{ tool: mcp__shop__stock, input: { article: wire } }]
            - require: [{ result: { tool: mcp__shop__stock, contains: "0" } }]
              calls: [{ tool: mcp__shop__order, input: { article: wire } }]
            - require: [{ result: { tool: mcp__shop__order, contains: "ordered 1 wire" } }]
              text: Wire is on its way.
            """);

        Assert.Equal("Wire is on its way.\n", await RunAsync(work, agent, "own-tools"));
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public async Task Hold_a_conversation_and_take_it_up_again(string agent)
    {
        await using var work = await WithModelAsync(
            """
            - text: A heron.
            - require: [{ user: "Where does it live?" }]
              text: At the lake.
            - require: [{ user: "Which bird was it?" }]
              text: Still the heron.
            """);

        Assert.Equal(
            "> Think of a bird. Which is it?\nA heron.\n> Where does it live?\nAt the lake.\n> Which bird was it?\nStill the heron.\n", await RunAsync(work, agent, "conversation"));
        Assert.Contains("A heron.", work.Model.Requests[^1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public async Task Get_an_answer_as_a_record(string agent)
    {
        await using var work = await WithModelAsync(
            """
            - calls: [{ tool: StructuredOutput, input: { summary: Two risks, risks: [{ file: a.cs, why: slow, severity: 2 }, { file: b.cs, why: wrong, severity: 9 }] } }]
            - text: Done.
            """);

        Assert.Equal("Two risks\n9 b.cs: wrong\n2 a.cs: slow\n", await RunAsync(work, agent, "typed-answer"));
    }

    /// <summary>Claude Code asks for titles and the like beside the work: such calls have no tools.</summary>
    private static Task<AgentProcess> WithModelAsync(string turns) =>
        AgentProcess.WithModelAsync("conversations: [{ name: beside, when: { not: { tool: Bash } }, repeat: true, turns: [{ text: A title }] }]\nturns:\n" + turns);

    private static async Task<string> RunAsync(AgentProcess work, string agent, string sample)
    {
        var program = typeof(The_samples).Assembly.Location.Replace("/tests/Ringfence.Agent.Tests/", "/samples/agent-sdk/", StringComparison.Ordinal);
        var start = work.Prepare("dotnet", [Path.Combine(Path.GetDirectoryName(program)!, "AgentSdk.Samples.dll"), sample]);
        start.Environment["AGENT"] = agent == "claude" ? Claude() : Node.ExecutableFor(work);
        start.Environment["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        start.Environment["ANTHROPIC_SMALL_FAST_MODEL"] = "simulated-model";

        using var process = Process.Start(start)!;
        var run = await AgentProcess.FinishAsync(process, "");

        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Empty(work.Model.Mismatches);
        return run.Output;
    }

    /// <summary>As set-up fetched it once for all tests; it is not in the repository.</summary>
    private static string Claude([CallerFilePath] string path = "")
    {
        var agent = Path.GetFullPath(Path.Combine(path, "../../../../artifacts/agents-cache/agents/claude-code"));
        Assert.SkipUnless(File.Exists(Path.Combine(agent, "current")), "claude-code was not fetched; ./test does it.");
        var installed = Path.Combine(agent, File.ReadAllText(Path.Combine(agent, "current")).Trim());
        return Path.Combine(installed, (string)JsonNode.Parse(File.ReadAllText(Path.Combine(installed, "ringfence.json")))!["executable"]!);
    }
}
