using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Ringfence.App.Api;

/// <summary>
/// Keeps bodies within the ranges that their contracts declare as attributes, which the OpenAPI document shows: what is documented is what is enforced.
/// </summary>
internal static class BodyCheck
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<(PropertyInfo Property, IReadOnlyList<ValidationAttribute> Rules)>> Known = new();

    /// <summary>Everything that is wrong, by the fields' names as callers write them.</summary>
    public static IReadOnlyList<Failure> Failures(object body)
    {
        var failures = new List<Failure>();
        Check(body, "", failures);
        return failures;
    }

    public static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static void Check(object body, string prefix, List<Failure> failures)
    {
        foreach (var (property, rules) in Known.GetOrAdd(body.GetType(), Read))
        {
            var name = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var value = property.GetValue(body);

            foreach (var rule in rules)
            {
                if (rule is RequiredAttribute ? value is null || value is string { Length: 0 } : value is not null && !rule.IsValid(value))
                {
                    failures.Add(new Failure("bad_field", $"{name}: {Say(rule)}"));
                }
            }

            if (value is string text && (text.Contains('\0', StringComparison.Ordinal) || HasLoneSurrogate(text)))
            {
                failures.Add(new Failure("bad_field", $"{name}: a zero character or half of a character pair is no text."));
            }
            else if (value is IReadOnlyList<object> items and not IReadOnlyList<string> && rules.All(rule => rule.IsValid(value)))
            {
                for (var i = 0; i < items.Count; i++)
                {
                    Check(items[i], $"{name}[{i}].", failures);
                }
            }
            else if (value is not null and not string and not IEnumerable and not JsonElement && value.GetType().Assembly == typeof(BodyCheck).Assembly)
            {
                Check(value, name + ".", failures);
            }
        }
    }

    private static string Say(ValidationAttribute rule) => rule switch
    {
        RequiredAttribute => "it is needed.",
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}."),
        StringLengthAttribute length => string.Create(CultureInfo.InvariantCulture, $"{length.MinimumLength} to {length.MaximumLength:N0} characters."),
        AllowedValuesAttribute allowed => $"one of {string.Join(", ", allowed.Values)}.",
        _ => rule.ErrorMessage ?? "not possible.",
    };

    private static List<(PropertyInfo, IReadOnlyList<ValidationAttribute>)> Read(Type type) =>
    [
        .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => (property, (IReadOnlyList<ValidationAttribute>)[.. property.GetCustomAttributes<ValidationAttribute>()])),
    ];
}

/// <summary>A list of texts: how many, and how long each may be. None of them is empty.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TextsAttribute(int most, int longest) : ValidationAttribute($"at most {most} texts of 1 to {longest} characters.")
{
    public int Most => most;

    public int Longest => longest;

    public override bool IsValid(object? value) => value is IReadOnlyList<string> texts && texts.Count <= most
        && texts.All(text => !string.IsNullOrWhiteSpace(text) && text.Length <= longest && !text.Contains('\0', StringComparison.Ordinal) && !BodyCheck.HasLoneSurrogate(text));
}

/// <summary>A list of objects: how many. None of them is null.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ItemsAttribute(int most) : ValidationAttribute($"at most {most} objects.")
{
    public int Most => most;

    public override bool IsValid(object? value) => value is null || value is IReadOnlyList<object?> items && items.Count <= most && !items.Contains(null);
}

/// <summary>Environment variables: names as shells have them. They are on the record: no secrets.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class VariablesAttribute() : ValidationAttribute("at most 100 variables, names of letters, digits and _, values of at most 10,000 characters.")
{
    public override bool IsValid(object? value) => value is IReadOnlyDictionary<string, string> variables && variables.Count <= 100
        && variables.All(pair => pair.Key.Length is > 0 and <= 200 && !char.IsAsciiDigit(pair.Key[0]) && pair.Key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            && pair.Value is { Length: <= 10_000 } text && !text.Contains('\0', StringComparison.Ordinal) && !BodyCheck.HasLoneSurrogate(text));
}

/// <summary>Values for the inputs of a workflow; the workflow says what each may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class InputsAttribute() : ValidationAttribute("at most 50 values of at most 10,000 characters, by name.")
{
    public override bool IsValid(object? value) => value is IReadOnlyDictionary<string, string> inputs && inputs.Count <= 50
        && inputs.All(pair => pair.Key.Length is > 0 and <= 64 && !BodyCheck.HasLoneSurrogate(pair.Key) && pair.Value is { Length: <= 10_000 } text && !text.Contains('\0', StringComparison.Ordinal) && !BodyCheck.HasLoneSurrogate(text));
}

/// <summary>The caller's own JSON object.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MetadataAttribute() : ValidationAttribute("an object of at most 50 keys and 4 KB.")
{
    public override bool IsValid(object? value) =>
        value is JsonElement { ValueKind: JsonValueKind.Object } metadata && metadata.GetRawText().Length <= 4096 && metadata.EnumerateObject().Count() <= 50;
}
