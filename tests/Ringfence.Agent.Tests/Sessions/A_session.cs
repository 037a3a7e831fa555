using Ringfence.Tests.Support;

namespace Ringfence.Tests.Sessions;

public sealed class A_session
{
    private const string Id = "11111111-2222-4333-8444-555555555555";

    private const string TwoPrompts =
        """
        turns:
          - { text: The word is heron., usage: { input: 100, output: 10 } }
          - require: [{ body: "The word is heron" }]
            text: It was heron.
            usage: { input: 100, output: 10 }
        """;

    [Fact]
    public async Task Goes_on_where_it_ended_under_the_same_name()
    {
        await using var agent = await AgentProcess.WithModelAsync(TwoPrompts);

        await agent.RunAsync("-p", "choose a word", "--session-id", Id);
        var run = await agent.RunAsync("-p", "which was it?", "--resume=" + Id, "--output-format=json");

        Assert.Equal(("It was heron.", Id), ((string?)run.Result["result"], (string?)run.Result["session_id"]));

        // What the whole session cost, not only its end.
        Assert.Equal(0.0012m, (decimal)run.Result["total_cost_usd"]!);
    }

    [Fact]
    public async Task Is_the_last_one_here_when_continued()
    {
        await using var agent = await AgentProcess.WithModelAsync(TwoPrompts);

        await agent.RunAsync("-p", "choose a word");
        var run = await agent.RunAsync("-p", "which was it?", "--continue");

        Assert.Equal("It was heron.\n", run.Output);
    }

    [Fact]
    public async Task Is_left_alone_by_a_fork()
    {
        await using var agent = await AgentProcess.WithModelAsync(TwoPrompts);
        await agent.RunAsync("-p", "choose a word", "--session-id", Id);
        var file = Directory.EnumerateFiles(agent.Home, Id + ".jsonl", SearchOption.AllDirectories).Single();
        var before = File.ReadAllText(file);

        var run = await agent.RunAsync("-p", "which was it?", "--resume", Id, "--fork-session", "--output-format", "json");

        Assert.NotEqual(Id, (string?)run.Result["session_id"]);
        Assert.Equal(before, File.ReadAllText(file));
    }

    [Fact]
    public async Task Goes_on_from_an_earlier_answer_as_if_the_rest_had_not_been_said()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - text: The word is heron.
              - text: The word is now ibis.
              - require: [{ body: The word is heron }, { not: { body: ibis } }]
                text: Still heron.
            """);
        var first = await agent.RunAsync("-p", "choose a word", "--session-id", Id, "--output-format", "stream-json", "--verbose");
        await agent.RunAsync("-p", "another", "--resume", Id);

        var run = await agent.RunAsync("-p", "which is it?", "--resume", Id, "--resume-session-at", (string)first.OfType("assistant").Single()["uuid"]!);

        Assert.Equal("Still heron.\n", run.Output);
    }

    [Theory]
    [InlineData("--resume=" + Id, "No conversation found with session ID")]
    [InlineData("--continue", "No conversation found to continue")]
    public async Task Must_exist_to_go_on(string argument, string expected)
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: never }] }");

        var run = await agent.RunAsync("-p", "go", argument, "--output-format=stream-json", "--verbose");

        Assert.Equal((1, "error_during_execution"), (run.ExitCode, (string?)run.Result["subtype"]));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cannot_be_begun_twice()
    {
        await using var agent = await AgentProcess.WithModelAsync(TwoPrompts);
        await agent.RunAsync("-p", "choose a word", "--session-id", Id);

        var run = await agent.RunAsync("-p", "again", "--session-id", Id);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("is already in use", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaves_nothing_behind_when_asked()
    {
        await using var agent = await AgentProcess.WithModelAsync(TwoPrompts);

        await agent.RunAsync("-p", "choose a word", "--no-session-persistence");

        Assert.Empty(Directory.EnumerateFiles(agent.Home, "*.jsonl", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Survives_a_crash_in_the_middle_of_a_line_and_of_a_call()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - { text: The word is heron., calls: [{ tool: Bash, input: { command: pwd } }] }
              - { text: done }
              - require: [{ body: "The session ended before this was run" }]
                text: It was heron.
            """);
        await agent.RunAsync("-p", "choose a word", "--session-id", Id);
        var file = Directory.EnumerateFiles(agent.Home, Id + ".jsonl", SearchOption.AllDirectories).Single();
        var lines = File.ReadAllLines(file);
        var call = Array.FindLastIndex(lines, l => l.Contains("tool_use\"", StringComparison.Ordinal) && l.Contains("\"assistant\"", StringComparison.Ordinal));
        File.WriteAllText(file, string.Join('\n', lines[..(call + 1)]) + "\n" + lines[call + 1][..40]);

        var run = await agent.RunAsync("-p", "which was it?", "--resume", Id);

        Assert.Equal("It was heron.\n", run.Output);
    }

    [Fact]
    public async Task Of_a_newer_version_is_refused_by_name()
    {
        await using var agent = await AgentProcess.WithModelAsync(TwoPrompts);
        await agent.RunAsync("-p", "choose a word", "--session-id", Id);
        var file = Directory.EnumerateFiles(agent.Home, Id + ".jsonl", SearchOption.AllDirectories).Single();
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"format\":1", "\"format\":99", StringComparison.Ordinal));

        var run = await agent.RunAsync("-p", "go", "--resume", Id);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("newer version", run.Error, StringComparison.Ordinal);
    }
}
