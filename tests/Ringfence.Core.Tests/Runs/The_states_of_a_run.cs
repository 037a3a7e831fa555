using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Runs;

public sealed class The_states_of_a_run
{
    private static readonly RunStatus[] All = Enum.GetValues<RunStatus>();

    [Fact]
    public void Lead_from_queued_to_completed() => Assert.True(
        RunTransitions.CanMove(RunStatus.Queued, RunStatus.Preparing) && RunTransitions.CanMove(RunStatus.Preparing, RunStatus.Running)
        && RunTransitions.CanMove(RunStatus.Running, RunStatus.Verifying) && RunTransitions.CanMove(RunStatus.Verifying, RunStatus.Reviewing)
        && RunTransitions.CanMove(RunStatus.Reviewing, RunStatus.Publishing) && RunTransitions.CanMove(RunStatus.Publishing, RunStatus.Completed));

    [Fact]
    public void Let_failed_checks_go_back_to_the_agent() => Assert.True(RunTransitions.CanMove(RunStatus.Verifying, RunStatus.Running));

    [Fact]
    public void Are_final_once_it_has_ended() =>
        Assert.All(All.Where(RunTransitions.HasEnded), ended => Assert.DoesNotContain(All, to => RunTransitions.CanMove(ended, to)));

    [Fact]
    public void Let_it_fail_or_be_cancelled_anywhere_before() => Assert.All(
        All.Where(status => !RunTransitions.HasEnded(status)),
        status => Assert.True(RunTransitions.CanMove(status, RunStatus.Failed) && RunTransitions.CanMove(status, RunStatus.Cancelled)));

    [Fact]
    public void Never_publish_what_was_not_reviewed() =>
        Assert.Equal([RunStatus.Reviewing], All.Where(from => RunTransitions.CanMove(from, RunStatus.Publishing)));

    [Fact]
    public void Have_names_that_scripts_can_rely_on() => Assert.Equal(
        ["max_turns", "max_cost", "timeout", "stalled", "verification_failed", "blocked_by_gate", "rejected", "expired", "agent_error", "nothing_done",
            "resource_limit", "environment", "bad_input", "setup_failed", "interrupted", "internal"],
        Enum.GetValues<FailReason>().Select(reason => reason.ToName()));
}
