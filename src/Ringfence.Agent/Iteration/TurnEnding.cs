using System.Text.Json.Nodes;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Iteration;

/// <summary>
/// Judges an answer that calls no tool: is the work done, or must the model go on? An answer that was cut off, withheld or empty is none, and is not passed
/// off as one.
/// </summary>
internal sealed class TurnEnding(AgentSession session)
{
    private const int MostReminders = 5;
    private const int MostCuts = 3;

    private int reminders;
    private int cuts;
    private bool wasRefused;
    private bool wasEmpty;
    private bool stopHookActive;

    /// <summary>What the model is told when it must go on; else how the turn ends.</summary>
    public async Task<(string? Tell, Ending? Ending)> JudgeAsync(ModelReply reply, CancellationToken cancellationToken)
    {
        if (reply.StopReason is "max_tokens" or "model_context_window_exceeded")
        {
            return cuts++ < MostCuts
                ? ("The answer was cut off at the limit of output tokens. Go on exactly where it stopped, without repeating anything; do what is left in smaller pieces.", null)
                : (null, new Ending.Failed(new ModelFailure(null, "max_output_tokens",
                    $"The answer was cut off at the limit of {session.Options.MaxOutputTokens} output tokens {cuts} times. CLAUDE_CODE_MAX_OUTPUT_TOKENS sets the limit.")));
        }

        if (reply.StopReason == "refusal")
        {
            if (wasRefused)
            {
                return (null, new Ending.Failed(
                    new ModelFailure(null, "refusal", $"{session.Model} refuses to answer this. Say it in another way, or use another model.", RequestId: reply.RequestId), "refusal"));
            }

            wasRefused = true;
            session.Report(new AgentReport.Notice($"The provider withheld the rest of the answer of {session.Model}; it is told, and asked once more."));
            return ("The provider's safety check stopped the answer above; what follows was withheld, and calls in it that were not complete did not run. Do not say that again in other words.", null);
        }

        if (session.Tools.Find(StructuredOutputTool.ToolName) is not null)
        {
            return reminders++ < MostReminders ? ($"Call the tool {StructuredOutputTool.ToolName} now to give your answer in the form that was asked for.", null)
                : (null, new Ending.WithoutStructure($"Failed to provide valid structured output after {MostReminders} attempts"));
        }

        if (string.IsNullOrWhiteSpace(reply.Text) && !wasEmpty)
        {
            wasEmpty = true;
            return ("The answer was empty. Say what there is to say, so that the user sees it.", null);
        }

        if (string.IsNullOrWhiteSpace(reply.Text))
        {
            session.Report(new AgentReport.Notice($"{session.Model} gave an empty answer, also when it was asked again."));
        }

        return await AskHooksAsync(reply, cancellationToken) is { } more ? (more, null) : (null, new Ending.Done());
    }

    private async Task<string?> AskHooksAsync(ModelReply reply, CancellationToken cancellationToken)
    {
        var details = new JsonObject { ["stop_hook_active"] = stopHookActive, ["last_assistant_message"] = reply.Text };

        if (session.AgentType is { } type)
        {
            details["agent_id"] = session.Transcript.AgentId;
            details["agent_type"] = type;
            details["agent_transcript_path"] = session.Transcript.Path;
        }

        var hooks = await session.Hooks.RunAsync(session, session.AgentType is null ? "Stop" : "SubagentStop", session.AgentType, details, null, cancellationToken);
        stopHookActive |= hooks.Blocks is not null;
        return hooks.Stops is null ? hooks.Blocks : null;
    }

    internal abstract record Ending
    {
        public sealed record Done : Ending;

        public sealed record Failed(ModelFailure Failure, string StopReason = "stop_sequence") : Ending;

        public sealed record WithoutStructure(string Why) : Ending;
    }
}
