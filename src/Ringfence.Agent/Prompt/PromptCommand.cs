namespace Ringfence.Agent.Prompt;

/// <summary>A prompt that is a command to this program and not to the model: <c>/compact what to keep</c>.</summary>
internal sealed record PromptCommand(string Name, string Argument)
{
    public static IReadOnlyList<string> Names { get; } = ["compact", "context", "cost"];

    /// <summary>Null for a prompt that is none; whatever else begins with a slash is for the model.</summary>
    public static PromptCommand? TryParse(string prompt)
    {
        var words = prompt.Trim().Split(' ', 2, StringSplitOptions.TrimEntries);
        return words[0].StartsWith('/') && Names.Contains(words[0][1..]) ? new PromptCommand(words[0][1..], words.ElementAtOrDefault(1) ?? "") : null;
    }
}
