using System.Text.Json.Nodes;
using Ringfence.Agent.Context;

namespace Ringfence.Agent.Models;

/// <summary>One call of a model, in the words of the Anthropic wire, which are the words of this program; other wires translate.</summary>
internal sealed record ModelRequest
{
    public required string Model { get; init; }

    public required int MaxTokens { get; init; }

    /// <summary>Blocks of text, the most stable first, so that a provider's prompt cache holds the longest prefix.</summary>
    public required IReadOnlyList<string> System { get; init; }

    /// <summary>Each tool as <c>name</c>, <c>description</c>, <c>input_schema</c>.</summary>
    public required JsonArray Tools { get; init; }

    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>Tokens that the model may think; null leaves it to the model, 0 switches thinking off.</summary>
    public int? ThinkingTokens { get; init; }

    /// <summary><c>low</c>, <c>medium</c>, <c>high</c>…; null leaves it to the model.</summary>
    public string? Effort { get; init; }

    /// <summary>Thinks as much as the model finds right.</summary>
    public bool AdaptiveThinking { get; init; }

    public required string SessionId { get; init; }

    /// <summary>Set when a sub-agent calls, so that a gateway can tell its calls from the main loop's.</summary>
    public string? AgentId { get; init; }

    /// <summary>Names the only tool that may be called; null leaves the choice to the model.</summary>
    public string? ToolChoice { get; init; }
}
