using System.Text.Json.Nodes;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Context;

/// <summary>What an earlier process left of a session.</summary>
internal sealed class RestoredSession
{
    public List<(string Role, JsonArray Content)> Messages { get; } = [];

    /// <summary>What the calls so far used, by model: the cost of a resumed session is that of all of it.</summary>
    public List<(string Model, TokenUsage Usage)> Usage { get; } = [];

    /// <summary>Copies of files for going back: of which prompt, of which file (none: the prompt began), under which name (none: there was no file).</summary>
    public List<(string Prompt, string? File, string? Copy)> Checkpoints { get; } = [];
}
