using Ringfence.Audit;
using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class What_was_said_and_seen
{
    private static readonly string[] Agent = ["agent"];

    private static List<AuditEvent> Events(params AuditFact[] facts)
    {
        var json = new CanonicalJson();

        return [.. facts.Select((fact, seq) =>
        {
            json.Clear();
            new EventPlace(new RunId("0000000000000000"), seq, 1, 1).Write(json, fact, text => text);
            return AuditEvent.TryParse(json.Written.ToArray())!;
        })];
    }

    private static string[] Codes(params AuditFact[] facts) => [.. Reconciliation.Of(Events(facts)).Select(finding => finding.Code)];

    private static CommandStarted Started(long number, long parent, params string[] arguments) =>
        new("agent", number, 1, parent, $"/usr/bin/{arguments[0]}", "d", arguments, false, "d", "/workspace");

    private static CommandFinished Finished(long number, int code) => new("agent", number, true, code, 0, 1);

    private static ToolCalled Shell(string command) => new("Bash", "c", System.Text.Json.JsonSerializer.Serialize(new { command }), "d") { Trust = Trust.Reported };

    [Fact]
    public void Meet_when_the_command_that_a_tool_call_names_ran_with_all_that_it_started() => Assert.Empty(Codes(
        Started(1, 0, Agent), Shell("make test && echo \"done\""), Started(2, 1, "bash", "-c", "make test && echo \"done\""), Started(3, 2, "make", "test"),
        Started(4, 3, "cc", "x.c"), Finished(3, 0), new AgentSaid("text", "All tests pass now.", "d")));

    [Fact]
    public void Do_not_meet_when_a_command_ran_that_no_call_names() => Assert.Equal(
        ["unexplained_command"],
        Codes(Started(1, 0, Agent), Shell("ls -la /workspace"), Started(2, 1, "bash", "-c", "ls -la /workspace"), Started(3, 1, "curl", "https://x.example")));

    [Fact]
    public void Do_not_meet_when_a_reported_command_was_never_seen() => Assert.Equal(
        ["unobserved_tool"], Codes(Started(1, 0, Agent), Shell("pytest -q")));

    [Theory]
    [InlineData("All 12 tests pass.", true)]
    [InlineData("The tests are now passing", true)]
    [InlineData("Every test passed", true)]
    [InlineData("I could not run the tests.", false)]
    [InlineData("Run `npm test` yourself.", false)]
    public void Do_not_meet_when_tests_are_said_to_pass_and_no_runner_was_seen(string text, bool isFinding) => Assert.Equal(
        isFinding ? ["unobserved_claim"] : [],
        Codes(Started(1, 0, Agent), Shell("echo hello"), Started(2, 1, "bash", "-c", "echo hello"), new AgentSaid("text", text, "d")));

    [Theory]
    [InlineData("./test.sh")]
    [InlineData("scripts/run-tests.py")]
    public void Meet_when_a_script_named_for_tests_ended_well(string script) => Assert.Empty(
        Codes(Started(1, 0, Agent), Shell(script), Started(2, 1, "sh", script), Finished(2, 0), new AgentSaid("text", "all tests pass", "d")));

    [Fact]
    public void Do_not_meet_when_the_runner_that_was_seen_failed() => Assert.Equal(
        ["unobserved_claim"],
        Codes(Started(1, 0, Agent), Shell("pytest -q"), Started(2, 1, "pytest", "-q"), Finished(2, 1), new AgentSaid("text", "all tests pass", "d")));

    [Fact]
    public void Do_not_meet_when_a_denied_host_was_never_mentioned() => Assert.Equal(
        ["unexplained_connection"],
        Codes(Shell("true"), new NetworkConnection("agent", "collector.example", 443, "tls", null, false, "not_in_allow_list", "default", 0, 0, 0)));

    [Fact]
    public void Are_not_compared_when_nothing_was_said() => Assert.Empty(Codes(Started(1, 0, Agent), Started(2, 1, "curl", "https://x.example")));

    [Fact]
    public void Show_where_two_runs_part_ways()
    {
        var left = Events(Shell("ls"), Shell("make test"), new FileChanged("a", "modified", "0", "1", 0, 1, 1, null, null));
        var right = Events(Shell("ls"), Shell("make check"), new FileChanged("a", "modified", "0", "2", 0, 1, 1, null, null));

        var comparison = RunComparison.Of(left, right);

        Assert.Equal((2, 1L, 1L), (comparison.First!.Step, comparison.First.LeftSeq, comparison.First.RightSeq));
        Assert.Contains("make check", comparison.First.Right, StringComparison.Ordinal);
        Assert.Equal(new Difference("file a", "1", "2"), Assert.Single(comparison.Differences));
        Assert.True(RunComparison.Of(left, left).IsSame);
        Assert.Null(RunComparison.Of(left, left[..1]).First!.Right);
    }
}
