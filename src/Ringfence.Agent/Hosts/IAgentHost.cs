using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Models;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts;

/// <summary>Who is on the other side: a script, a program with the control protocol, an editor, a person at a terminal.</summary>
internal interface IAgentHost
{
    /// <summary>Something happened. Never blocks on the other side for long, never throws for what the other side does.</summary>
    void Report(AgentReport report);

    /// <summary>Asks whether a tool may run. Null when there is nobody to ask.</summary>
    Task<PermissionAnswer?> AskAsync(PermissionQuestion question, CancellationToken cancellationToken);

    /// <summary>A tool server asks the user for something. Null when there is nobody to ask.</summary>
    /// <param name="question">MCP's <c>elicitation/create</c>: <c>message</c>, <c>requestedSchema</c>, …</param>
    /// <returns>MCP's answer: <c>action</c>, <c>content</c>.</returns>
    Task<JsonObject?> ElicitAsync(string server, JsonObject question, CancellationToken cancellationToken) => Task.FromResult<JsonObject?>(null);
}

internal sealed record PermissionQuestion(Tool Tool, ToolCall Call, ToolSubject Subject, string Reason);

internal abstract record PermissionAnswer
{
    /// <param name="Input">The input to run with; null leaves it as the model wrote it.</param>
    /// <param name="Apply">What is permitted from now on besides.</param>
    public sealed record Granted(JsonObject? Input = null, Action<PermissionPolicy>? Apply = null) : PermissionAnswer;

    public sealed record Refused(string Message, bool Interrupt = false) : PermissionAnswer;
}

/// <summary>What happens in a session, in order. Each host shows it in its own way.</summary>
internal abstract record AgentReport
{
    /// <summary>The call of a tool that started the sub-agent this is about; null for the main loop.</summary>
    public string? ParentToolUseId { get; init; }

    /// <summary>The sub-agent this is about; null for the main loop.</summary>
    public (string Id, string Type)? Agent { get; init; }

    /// <summary>Names this report in every stream and file it goes to.</summary>
    public Guid Uuid { get; init; }

    /// <summary>A prompt was taken up.</summary>
    /// <param name="Content">What the model is told.</param>
    /// <param name="Said">What was said, without what hooks added.</param>
    public sealed record Prompted(JsonArray Content, JsonNode Said) : AgentReport;

    public sealed record TurnStarted(AgentSession Session) : AgentReport;

    /// <summary>An event of the model's stream, as it came.</summary>
    public sealed record Streamed(JsonObject Event, string? MessageId, long MillisecondsToFirst) : AgentReport;

    /// <summary>The model is being called.</summary>
    public sealed record Requesting : AgentReport;

    /// <summary>One block of an answer that is complete.</summary>
    /// <param name="Failure">Set when there was no answer, and this says why in its place.</param>
    public sealed record Spoke(ModelReply Reply, JsonObject Block, ModelFailure? Failure = null) : AgentReport;

    public sealed record Retrying(ModelRetry Retry) : AgentReport;

    public sealed record ToolStarted(JsonObject Use, string OutputFile) : AgentReport;

    public sealed record ToolReturned(JsonObject Use, JsonObject Result, JsonNode? Details, JsonObject? Decision) : AgentReport;

    /// <param name="ReasonType">Null when there was nobody to ask.</param>
    /// <param name="Source"><c>config</c>, <c>hook</c> or <c>user_reject</c>.</param>
    public sealed record Denied(JsonObject Use, string? ReasonType, string Message, string Source) : AgentReport;

    /// <summary>Something that goes on beside the conversation began: a sub-agent, or a command in the background.</summary>
    /// <param name="Type">Which sub-agent; null for a command.</param>
    /// <param name="InBackground">The model does not wait for it.</param>
    public sealed record TaskStarted(string Id, string ToolUseId, string Description, string? Type, bool InBackground) : AgentReport;

    /// <param name="Status"><c>completed</c>, <c>failed</c> or <c>stopped</c>.</param>
    public sealed record TaskEnded(string Id, string ToolUseId, string Status, string Summary, string OutputFile) : AgentReport;

    /// <summary>A message in the user's place that no user wrote.</summary>
    /// <param name="IsOurs">Written by this program; else it stands for what the user did.</param>
    public sealed record Injected(string Text, bool IsOurs = true) : AgentReport;

    public sealed record HookRan(JsonObject Event) : AgentReport;

    public sealed record Compacted(string Trigger, long TokensBefore, string Summary, string Dropped, int KeptMessages) : AgentReport;

    public sealed record Notice(string Text) : AgentReport;

    public sealed record TurnEnded(AgentSession Session, TurnResult Result) : AgentReport;
}
