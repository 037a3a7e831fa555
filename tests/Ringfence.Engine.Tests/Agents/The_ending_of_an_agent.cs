using Ringfence.Agents;
using Ringfence.Gateway;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Agents;

public sealed class The_ending_of_an_agent
{
    private static readonly AgentDescription Streaming = new() { Name = "a", Title = "A", Wire = "anthropic", Command = ["a"], Events = "claude-stream-json" };
    private static readonly AgentDescription Plain = Streaming with { Events = "text" };
    private static readonly AgentEvent.Finished Content = new(AgentOutcome.Success, "done", 3);

    [Fact]
    public void Is_good_when_it_says_so_and_nothing_speaks_against_it() =>
        Assert.Null(AgentVerdict.Of(Streaming, new SandboxExit.Exited(0), null, false, Content, ""));

    [Fact]
    public void Is_the_budget_when_the_gateway_closed_whatever_the_agent_claims() => Assert.Equal(
        FailReason.MaxCost,
        AgentVerdict.Of(Streaming, new SandboxExit.Exited(0), new LeaseEnding(LeaseEndingReason.MaxCost, new Failure("max_cost", "used up")), false, Content, "")!.Reason);

    [Theory]
    [InlineData(LeaseEndingReason.KeyRefused, FailReason.Environment)]
    [InlineData(LeaseEndingReason.Unrecordable, FailReason.Environment)]
    [InlineData(LeaseEndingReason.Refused, FailReason.AgentError)]
    [InlineData(LeaseEndingReason.Broken, FailReason.Internal)]
    public void Says_whose_fault_it_is_that_the_gateway_closed(LeaseEndingReason closed, FailReason reason) =>
        Assert.Equal(reason, AgentVerdict.Of(Streaming, new SandboxExit.Exited(1), new LeaseEnding(closed, new Failure("x", "x")), false, null, "")!.Reason);

    [Fact]
    public void Is_an_error_when_it_takes_what_came_of_a_broken_answer_for_its_last_word() => Assert.Contains(
        "The provider cut the answer.",
        AgentVerdict.Of(Streaming, new SandboxExit.Exited(0), null, false, Content, "", trouble: new Failure("upstream_cut", "The provider cut the answer."))!.Failure.Message,
        StringComparison.Ordinal);

    [Fact]
    public void Names_the_providers_part_in_a_silence() => Assert.EndsWith(
        "Its last model call failed: The provider answered 529.",
        AgentVerdict.Of(Streaming, new SandboxExit.Killed("x"), null, true, null, "", trouble: new Failure("upstream_status", "The provider answered 529."))!.Failure.Message,
        StringComparison.Ordinal);

    [Fact]
    public void Is_an_error_when_it_exits_0_without_a_result() =>
        Assert.Equal(FailReason.AgentError, AgentVerdict.Of(Streaming, new SandboxExit.Exited(0), null, false, null, "")!.Reason);

    [Fact]
    public void Is_told_by_the_exit_code_where_there_is_nothing_else()
    {
        Assert.Null(AgentVerdict.Of(Plain, new SandboxExit.Exited(0), null, false, null, ""));
        Assert.Contains("exit code 3: boom", AgentVerdict.Of(Plain, new SandboxExit.Exited(3), null, false, null, "boom")!.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Is_a_stall_when_the_watchdog_ended_it() =>
        Assert.Equal(FailReason.Stalled, AgentVerdict.Of(Streaming, new SandboxExit.Killed("the watchdog"), null, true, null, "")!.Reason);

    [Theory]
    [InlineData("memory", FailReason.ResourceLimit)]
    [InlineData("wall_time", FailReason.Timeout)]
    public void Names_the_limit_that_was_reached(string limit, FailReason reason) =>
        Assert.Equal(reason, AgentVerdict.Of(Streaming, new SandboxExit.LimitReached(limit, "4 GiB"), null, false, null, "")!.Reason);
}
