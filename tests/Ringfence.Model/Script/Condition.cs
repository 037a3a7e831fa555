using System.Text.RegularExpressions;

namespace Ringfence.Model;

/// <summary>Something that a request shows or does not. Every part that is given must hold.</summary>
public sealed record Condition
{
    /// <summary>A tool of this name is offered.</summary>
    public string? Tool { get; init; }

    /// <summary>A tool result is there.</summary>
    public ResultCondition? Result { get; init; }

    /// <summary>The first user message contains this.</summary>
    public string? Prompt { get; init; }

    /// <summary>The newest user message contains this.</summary>
    public string? User { get; init; }

    /// <summary>The system text contains this.</summary>
    public string? System { get; init; }

    /// <summary>The model asked for contains this.</summary>
    public string? Model { get; init; }

    /// <summary>A regular expression over the whole body.</summary>
    public string? Body { get; init; }

    /// <summary>Regular expressions over request headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Holds when this one does not.</summary>
    public Condition? Not { get; init; }

    /// <summary>Null when it holds, else what was expected and what came. Named groups of expressions land in <paramref name="captured"/>.</summary>
    internal string? Explain(ModelRequest request, IDictionary<string, string> captured)
    {
        if (Tool is { } tool && !request.Tools.Contains(tool))
        {
            return $"expected the tool '{tool}' to be offered; offered are: {string.Join(", ", request.Tools)}";
        }

        return Text("first user message", Prompt, request.Prompt)
            ?? Text("newest user message", User, request.LastUser)
            ?? Text("system text", System, request.System)
            ?? Text("model", Model, request.Model)
            ?? Expression("body", Body, request.BodyText, captured)
            ?? Headers.Select(h => Expression($"header {h.Key}", h.Value, request.Headers.GetValueOrDefault(h.Key, ""), captured)).FirstOrDefault(e => e is not null)
            ?? Result?.Explain(request, captured)
            ?? (Not is { } not && not.Explain(request, captured) is null ? $"expected this not to hold: {not}" : null);
    }

    private static string? Text(string what, string? expected, string actual) =>
        expected is null || actual.Contains(expected, StringComparison.Ordinal) ? null : $"expected the {what} to contain '{expected}'; it is: {Shorten(actual)}";

    private static string? Expression(string what, string? pattern, string actual, IDictionary<string, string> captured) =>
        pattern is null || Captures(pattern, actual, captured) ? null : $"expected the {what} to match /{pattern}/; it is: {Shorten(actual)}";

    internal static bool Captures(string pattern, string text, IDictionary<string, string> captured)
    {
        var match = Regex.Match(text, pattern, RegexOptions.Multiline, TimeSpan.FromSeconds(2));

        foreach (var group in match.Groups.Values.Where(g => g.Success && !int.TryParse(g.Name, out _)))
        {
            captured[group.Name] = group.Value;
        }

        return match.Success;
    }

    internal static string Shorten(string text) => text.Length <= 1500 ? $"'{text}'" : $"'{text[..700]} … {text[^700..]}' ({text.Length} characters)";
}

/// <summary>A tool result among those that answer the newest assistant message, or with <see cref="Any"/> among all.</summary>
public sealed record ResultCondition
{
    public bool Any { get; init; }

    /// <summary>Name of the tool that was called.</summary>
    public string? Tool { get; init; }

    /// <summary>Texts that must all occur.</summary>
    public Texts Contains { get; init; } = new([]);

    /// <summary>Texts that must not occur.</summary>
    public Texts Lacks { get; init; } = new([]);

    /// <summary>A regular expression (multi-line); its named groups can be used in the turn.</summary>
    public string? Matches { get; init; }

    /// <summary>Whether the result is marked as an error.</summary>
    public bool? Error { get; init; }

    internal string? Explain(ModelRequest request, IDictionary<string, string> captured)
    {
        var candidates = Any ? request.Results : request.NewestResults;

        return candidates.Any(r => Holds(r, captured))
            ? null
            : $"expected a{(Any ? "" : " newest")} tool result with {Describe()}; there are {candidates.Count}: "
                + string.Join("; ", candidates.Select(r => $"[{r.Tool}{(r.IsError ? ", error" : "")}] {Condition.Shorten(r.Content)}"));
    }

    private bool Holds(ToolResultItem result, IDictionary<string, string> captured) =>
        (Tool is null || result.Tool == Tool)
        && (Error is null || result.IsError == Error)
        && Contains.Items.All(t => result.Content.Contains(t, StringComparison.Ordinal))
        && !Lacks.Items.Any(t => result.Content.Contains(t, StringComparison.Ordinal))
        && (Matches is null || Condition.Captures(Matches, result.Content, captured));

    private string Describe() => string.Join(", ", new[]
    {
        Tool is null ? null : $"tool {Tool}",
        Error is null ? null : $"error {Error}",
        Contains.Items.Count == 0 ? null : $"containing '{string.Join("' and '", Contains.Items)}'",
        Lacks.Items.Count == 0 ? null : $"without '{string.Join("' or '", Lacks.Items)}'",
        Matches is null ? null : $"matching /{Matches}/",
    }.Where(p => p is not null).DefaultIfEmpty("anything in it"));
}

/// <summary>One text or a list of texts.</summary>
public sealed record Texts(IReadOnlyList<string> Items)
{
    public static implicit operator Texts(string text) => new([text]);

    public static Texts FromString(string text) => new([text]);
}
