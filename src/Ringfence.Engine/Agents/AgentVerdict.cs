using Ringfence.Gateway;
using Ringfence.Runs;
using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>
/// Tells one reason from everything that is known of an ending. Facts come first: a cap that the gateway enforced outweighs whatever the agent
/// said about it, and exit codes alone are believed least, because agents exit 0 after API errors.
/// </summary>
internal static class AgentVerdict
{
    /// <param name="strayLine">The last line that was not of the format.</param>
    /// <param name="trouble">Why the newest model call has no whole answer; null when it has.</param>
    public static AgentStop? Of(
        AgentDescription agent, SandboxExit exit, LeaseEnding? lease, bool stalled, AgentEvent.Finished? claim, string errorTail,
        string? strayLine = null, Failure? trouble = null)
    {
        if (lease is not null)
        {
            return new AgentStop(
                lease.Reason switch
                {
                    LeaseEndingReason.MaxCost => FailReason.MaxCost,
                    LeaseEndingReason.MaxTurns => FailReason.MaxTurns,
                    LeaseEndingReason.NotRecorded or LeaseEndingReason.Refused => FailReason.AgentError,
                    LeaseEndingReason.KeyRefused or LeaseEndingReason.Unrecordable => FailReason.Environment,
                    LeaseEndingReason.Broken => FailReason.Internal,
                    _ => FailReason.Rejected,
                },
                lease.Failure);
        }

        if (stalled)
        {
            return new AgentStop(FailReason.Stalled, new Failure("stalled", "The agent went silent: no model call, command or output for too long." + After(trouble)));
        }

        if (exit is SandboxExit.LimitReached limit)
        {
            return new AgentStop(
                limit.Limit is "wall_time" ? FailReason.Timeout : limit.Limit is "silence" ? FailReason.Stalled : FailReason.ResourceLimit,
                new Failure("limit_" + limit.Limit, $"The sandbox reached its limit of {limit.Limit.Replace('_', ' ')}: {limit.Detail}"));
        }

        return claim?.Outcome switch
        {
            // Some call what they have of a broken answer their last word.
            AgentOutcome.Success when trouble is { Code: not "unanswered" } => Error("ended as if it were done after a model call that failed", trouble.Message),
            AgentOutcome.Success => null,
            AgentOutcome.MaxTurns => new AgentStop(FailReason.MaxTurns, new Failure("max_turns", "The agent used all its turns.", "Raise --max-turns.")),
            AgentOutcome.MaxCost => new AgentStop(FailReason.MaxCost, new Failure("max_cost", "The agent used its budget.", "Raise --max-cost.")),

            // Whoever prints plain text makes no claim; its exit code is all there is.
            null when agent.Events == "text" && exit is SandboxExit.Exited { Code: 0 } => null,
            null when exit is SandboxExit.Exited { Code: 0 } && strayLine is not null =>
                Error($"ended without a result, and printed what is not {agent.Events}", Words(errorTail, strayLine)),
            null when exit is SandboxExit.Exited { Code: 0 } => Error("ended without a result", errorTail, NoResult),
            AgentOutcome.Failed when trouble is { Code: LeaseCalls.KeyRefused } => new AgentStop(FailReason.Environment, trouble),
            _ => Error(Describe(exit), claim?.Message ?? Words(errorTail, strayLine)),
        };
    }

    /// <summary>Code of an ending with exit code 0 and not a word about how it went. Without a change either, nothing was done.</summary>
    private const string NoResult = "no_result";

    public static bool IsNoResult(AgentStop stop) => stop.Failure.Code == NoResult;

    /// <summary>What the model's provider has to do with an ending, as a sentence that follows another.</summary>
    public static string After(Failure? trouble) => trouble switch
    {
        null => "",
        { Code: "unanswered" } => " " + trouble.Message,
        _ => " Its last model call failed: " + trouble.Message,
    };

    private static string Words(string errorTail, string? strayLine) => errorTail.Trim().Length > 0 || strayLine is null ? errorTail : Printable.Escape(strayLine.Length > 400 ? strayLine[..400] : strayLine);

    private static AgentStop Error(string how, string words, string code = "agent_error")
    {
        var said = words.Trim();
        return new AgentStop(
            FailReason.AgentError,
            new Failure(code, said.Length == 0 ? $"The agent {how}." : $"The agent {how}: {said}", "`ringfence logs RUN` shows all it said."));
    }

    private static string Describe(SandboxExit exit) => exit switch
    {
        SandboxExit.Exited { Code: 0 } => "reported an error",
        SandboxExit.Exited exited => $"failed with exit code {exited.Code}",
        SandboxExit.Signalled signalled => $"was ended by signal {signalled.Signal}",
        SandboxExit.Killed killed => $"was ended by {killed.By}",
        _ => "failed",
    };
}
