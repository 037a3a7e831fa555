using System.Text.Json.Nodes;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Iteration;

/// <summary>How the work on one prompt ended. The words are Claude Code's, because programs compare them.</summary>
internal sealed record TurnResult
{
    /// <summary><c>success</c>, <c>error_during_execution</c>, <c>error_max_turns</c>, <c>error_max_budget_usd</c>, <c>error_max_structured_output_retries</c>.</summary>
    public required string Subtype { get; init; }

    public bool IsError { get; init; }

    /// <summary>The last text of the model, or what went wrong.</summary>
    public string Text { get; init; } = "";

    public required string TerminalReason { get; init; }

    public string? StopReason { get; init; }

    public IReadOnlyList<string> Errors { get; init; } = [];

    public ModelFailure? Failure { get; init; }

    public int Turns { get; init; }

    public TokenUsage Usage { get; init; }

    public TimeSpan Duration { get; init; }

    public TimeSpan ModelDuration { get; init; }

    public JsonNode? StructuredOutput { get; init; }

    public IReadOnlyList<JsonObject> Denials { get; init; } = [];

    /// <summary>An interrupt by the user is no failure of the program.</summary>
    public int ExitCode => IsError && TerminalReason is not ("aborted_streaming" or "aborted_tools") ? 1 : 0;
}
