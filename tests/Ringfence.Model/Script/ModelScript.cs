using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>What the simulated model says, turn by turn. README.md beside this project describes the file form.</summary>
public sealed record ModelScript
{
    /// <summary>The model id that answers carry and <c>/v1/models</c> lists. Must contain <c>simulated</c>, so that nobody takes it for a real one.</summary>
    public string Model { get; init; } = "simulated-model";

    /// <summary>Answers carry the model that was asked for, so that prices of real models can be tried. Default: only when it contains <c>simulated</c>.</summary>
    public bool EchoModel { get; init; }

    /// <summary>The turns of the only conversation; shorthand for one entry in <see cref="Conversations"/>.</summary>
    public IReadOnlyList<Turn> Turns { get; init; } = [];

    /// <summary>See <see cref="Conversation.Position"/>, for <see cref="Turns"/>.</summary>
    public TurnPosition Position { get; init; }

    /// <summary>See <see cref="Conversation.Repeat"/>, for <see cref="Turns"/>.</summary>
    public bool Repeat { get; init; }

    /// <summary>Several conversations at once (sub-agents, side calls, parallel runs). The first whose <see cref="Conversation.When"/> holds answers.</summary>
    public IReadOnlyList<Conversation> Conversations { get; init; } = [];

    internal IReadOnlyList<Conversation> AllConversations =>
        Turns.Count == 0 ? Conversations : [.. Conversations, new Conversation { Name = "main", Turns = Turns, Position = Position, Repeat = Repeat }];
}

public enum TurnPosition
{
    /// <summary>Each answered request takes the next turn, retries included: what a script of failures and retries needs.</summary>
    Cursor,

    /// <summary>
    /// The number of assistant messages in the request is the index of the turn: any number of runs can play the same script at once, and a
    /// retry gets the same answer again.
    /// </summary>
    History,
}

public sealed record Conversation
{
    public required string Name { get; init; }

    /// <summary>Which requests belong to it; null takes all.</summary>
    public Condition? When { get; init; }

    public required IReadOnlyList<Turn> Turns { get; init; }

    public TurnPosition Position { get; init; }

    /// <summary>After the last turn the first follows, for ever.</summary>
    public bool Repeat { get; init; }
}

/// <summary>One answer of the model, and what the request must show before it is given.</summary>
public sealed record Turn
{
    /// <summary>All must hold; else the request gets an error that says what was expected and what came, and the turn is not used up.</summary>
    public IReadOnlyList<Condition> Require { get; init; } = [];

    public string? Thinking { get; init; }

    public string? Text { get; init; }

    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>What the answer says was used; what is absent is estimated at four bytes a token.</summary>
    public ReportedUsage Usage { get; init; } = new();

    /// <summary>In the words of Anthropic's wire, translated for others: default <c>tool_use</c> with calls, else <c>end_turn</c>.</summary>
    public string? Stop { get; init; }

    /// <summary>
    /// True answers beyond the request's <c>max_tokens</c>, as no real model does. Default: the answer is cut there, with stop reason
    /// <c>max_tokens</c> and at most that many output tokens reported.
    /// </summary>
    public bool IgnoreMaxTokens { get; init; }

    /// <summary>Time before the first byte.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Time before each further event of a stream.</summary>
    public TimeSpan Pace { get; init; }

    /// <summary>Characters per delta in a stream. Default 24.</summary>
    public int Chunk { get; init; } = 24;

    /// <summary>Where the connection breaks, if it does.</summary>
    public Cut? Cut { get; init; }

    /// <summary>An error status instead of an answer, in the wire's own error shape unless <see cref="Body"/> says otherwise.</summary>
    public int? Status { get; init; }

    /// <summary>The error's type and message, for <see cref="Status"/>.</summary>
    public string? Error { get; init; }

    /// <summary>Headers added to the response.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Sent as it is instead of an answer; <c>content-type</c> in <see cref="Headers"/>, default <c>application/json</c>.</summary>
    public string? Body { get; init; }

    public Fault Fault { get; init; }

    /// <summary>How often this turn is given before the next. Default 1.</summary>
    public int Times { get; init; } = 1;
}

public enum Fault
{
    None,

    /// <summary>The stream has events that are not JSON and fields that are not SSE.</summary>
    MalformedSse,

    /// <summary>Status 200 with an HTML page, as a captive portal or a load balancer sends it.</summary>
    Html,

    /// <summary>The request is taken and never answered; ends when the client gives up.</summary>
    Never,

    /// <summary>The stream stops after its events, without the final one, and stays open until the client gives up.</summary>
    Stall,

    /// <summary>The provider's error event in the middle of the stream.</summary>
    ErrorEvent,
}

/// <summary>The connection breaks after so many events of the stream, or so many bytes of the body.</summary>
public sealed record Cut(int? Events = null, int? Bytes = null);

/// <param name="Input">The arguments. <c>${name}</c> in a string is replaced by a named group that a requirement captured.</param>
public sealed record ToolCall(string Tool, JsonObject? Input = null, string? Id = null);

public sealed record ReportedUsage
{
    public long? Input { get; init; }
    public long? Output { get; init; }
    public long? CacheRead { get; init; }

    /// <summary>Written to the cache for five minutes.</summary>
    public long? CacheWrite { get; init; }

    /// <summary>Written to the cache for an hour, besides <see cref="CacheWrite"/>.</summary>
    public long? CacheWriteHour { get; init; }

    /// <summary>Part of <see cref="Output"/>, on wires that say so.</summary>
    public long? Reasoning { get; init; }

    /// <summary>Laid over the wire's usage object as it is.</summary>
    public JsonObject? Raw { get; init; }
}
