namespace Ringfence.Gateway;

/// <summary>What a path means at the gateway. What is not one of these is not forwarded: an unknown path could spend unmetered.</summary>
public enum RouteKind
{
    /// <summary>Generates, and is charged.</summary>
    Generate,

    /// <summary>Free by the provider's documentation: counting tokens, listing models.</summary>
    Free,
}

/// <param name="Model">The model, where the path names it (Gemini).</param>
public sealed record Route(Wire Wire, RouteKind Kind, string? Model = null, bool Streamed = false);

/// <summary>What the gateway must know of a request before it may leave, read from the bytes that will leave.</summary>
public sealed record CallFacts
{
    public required string Model { get; init; }

    public bool Streamed { get; init; }

    /// <summary>Most output tokens that the request asks for, over all fields that say so; null when it says nothing.</summary>
    public long? MaxTokensAsked { get; init; }

    /// <summary>Answers generated at once (<c>n</c>, <c>candidateCount</c>) times passes that the provider may add by itself.</summary>
    public int Answers { get; init; } = 1;

    /// <summary>Passes over the input that the provider may make by itself: server-side tools and compaction.</summary>
    public int Passes { get; init; } = 1;

    /// <summary>Images inline or by address: tokens that the bytes do not bound.</summary>
    public int Images { get; init; }

    /// <summary>The input holds what its bytes do not bound (documents, stored state, files by id): the context window is the bound.</summary>
    public bool InputUnbounded { get; init; }

    public bool CacheWrites5m { get; init; }

    public bool CacheWrites1h { get; init; }

    public int WebSearches { get; init; }

    /// <summary>Offers tools: a conversation that works, not a side call such as naming a session.</summary>
    public bool HasTools { get; init; }

    /// <summary>A thinking budget that must stay below the output maximum; null when there is none.</summary>
    public long? ThinkingBudget { get; init; }

    /// <summary>OpenAI Chat streams report no usage unless asked; the gateway asks.</summary>
    public bool UsageMustBeAsked { get; init; }
}

/// <summary>A piece of a request's context: the system prompt, the tools, or one message.</summary>
/// <param name="Kind"><c>system</c>, <c>tools</c>, or a message's role.</param>
public readonly record struct Part(string Kind, int Start, int End);
