using System.Text.Json.Nodes;

namespace Ringfence.Tests.Differential;

/// <summary>A model's script and what is asked; the same for both programs.</summary>
internal sealed record Conversation(string Name, string Script, params Run[] Runs)
{
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    public override string ToString() => Name;
}

/// <summary>One start of the program.</summary>
internal sealed record Run(params string[] Flags)
{
    /// <summary>Lines for standard input; <c>after TYPE</c> waits until a line of that type was printed.</summary>
    public IReadOnlyList<string> Says { get; init; } = [];

    /// <summary>Answers what the program asks.</summary>
    public Func<JsonObject, JsonObject?>? Answer { get; init; }

    public static Run Stream(params string[] more) => new(["-p", "go", "--output-format", "stream-json", "--verbose", .. more]);

    public static Run Driven(string[] says, params string[] more) =>
        new(["-p", "--output-format", "stream-json", "--verbose", "--input-format", "stream-json", .. more]) { Says = says };
}
