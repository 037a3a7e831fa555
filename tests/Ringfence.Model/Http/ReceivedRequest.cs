using System.Text;

namespace Ringfence.Model;

/// <summary>What arrived, and what was done with it.</summary>
public sealed record ReceivedRequest
{
    public required string Method { get; init; }

    /// <summary>Path and query.</summary>
    public required string Path { get; init; }

    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>Null for what is not a model call (model lists, token counts, unknown paths).</summary>
    public ModelRequest? Request { get; init; }

    public string? Wire { get; init; }

    public string? Conversation { get; init; }

    /// <summary>Index of the turn that answered, from 0; -1 when none did.</summary>
    public int Turn { get; init; } = -1;

    /// <summary>Why the request got no turn; null when it got one.</summary>
    public string? Mismatch { get; init; }

    public string Text => Encoding.UTF8.GetString(Body);
}
