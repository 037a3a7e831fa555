using System.Globalization;
using System.Text.RegularExpressions;

namespace Ringfence.Workflows;

/// <summary>What a value of an input may look like.</summary>
public enum InputType
{
    String,
    Number,
    Boolean,
    Choice,
}

/// <summary>A value that whoever starts a run of the workflow gives. It stands in the prompt and nowhere else: no policy is made from it.</summary>
public sealed record WorkflowInput(string Name, InputType Type)
{
    /// <summary>Characters of one value.</summary>
    public const int Longest = 10_000;

    /// <summary>For people; null when the file says none.</summary>
    public string? Description { get; init; }

    public bool Required { get; init; }

    /// <summary>What counts when nothing is given; null is an empty text.</summary>
    public string? Default { get; init; }

    /// <summary>Regular expression that the whole of a string must match; null takes any.</summary>
    public string? Pattern { get; init; }

    /// <summary>What a choice may be.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Null when there is nothing wrong with the value; else what it must be.</summary>
    public string? WhyNot(string value) => Type switch
    {
        _ when value.Length > Longest => $"at most {Longest:N0} characters",
        InputType.Number => decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _) ? null : "a number, such as 3 or -0.5",
        InputType.Boolean => value is "true" or "false" ? null : "true or false",
        InputType.Choice => Choices.Contains(value) ? null : $"one of: {string.Join(", ", Choices)}",
        _ when value.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) => "text without control characters",
        _ => Pattern is null || Matches(Pattern, value) ? null : $"a text that matches {Pattern}",
    };

    /// <summary>Null when the pattern can be used; else why not.</summary>
    public static string? PatternProblem(string pattern)
    {
        try
        {
            _ = Whole(pattern);
            return null;
        }
        catch (Exception unusable) when (unusable is ArgumentException or NotSupportedException)
        {
            return unusable.Message;
        }
    }

    private static bool Matches(string pattern, string value) => Whole(pattern).IsMatch(value);

    // A pattern is the repository's and a value anybody's: without backtracking no pair of them takes more than linear time.
    private static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}
