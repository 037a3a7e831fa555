using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ringfence.Agent.Execution;

/// <summary>Checks a value against a JSON Schema and says everything that is wrong with it. Knows the words that tools and answers are described with.</summary>
internal static class JsonSchema
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<string> Check(JsonNode? schema, JsonNode? value)
    {
        var errors = new List<string>();
        Check(schema, value, "", schema, errors, 0);
        return errors;
    }

    private static void Check(JsonNode? schema, JsonNode? value, string at, JsonNode? root, List<string> errors, int depth)
    {
        if (schema is JsonValue flag && flag.TryGetValue<bool>(out var anything))
        {
            errors.AddRange(anything ? [] : [$"{Name(at)} is not allowed"]);
            return;
        }

        if (schema is not JsonObject rules || depth > 64)
        {
            return;
        }

        if (rules.Text("$ref") is { } reference)
        {
            Check(Resolve(root, reference), value, at, root, errors, depth + 1);
        }

        if (rules["type"] is { } type && !IsOf(type, value))
        {
            errors.Add($"{Name(at)} must be {Shown(type)}, not {KindOf(value)}");
            return;
        }

        if (rules.Array("enum") is { } choices && !choices.Any(c => JsonNode.DeepEquals(c, value)))
        {
            errors.Add($"{Name(at)} must be one of {choices.ToText()}");
        }

        if (rules.ContainsKey("const") && !JsonNode.DeepEquals(rules["const"], value))
        {
            errors.Add($"{Name(at)} must be {rules["const"]?.ToText() ?? "null"}");
        }

        Combine(rules, value, at, root, errors, depth);

        switch (value)
        {
            case JsonObject o:
                CheckObject(rules, o, at, root, errors, depth);
                break;

            case JsonArray a:
                CheckArray(rules, a, at, root, errors, depth);
                break;

            case JsonValue v:
                CheckScalar(rules, v, at, errors);
                break;
        }
    }

    private static void CheckObject(JsonObject rules, JsonObject value, string at, JsonNode? root, List<string> errors, int depth)
    {
        var properties = rules.Object("properties");

        foreach (var name in (rules.Array("required") ?? []).Select(n => n?.GetValue<string>() ?? "").Where(n => !value.ContainsKey(n)))
        {
            errors.Add($"the required parameter `{Join(at, name)}` is missing");
        }

        foreach (var (name, item) in value)
        {
            if (properties is not null && properties.TryGetPropertyValue(name, out var rule))
            {
                Check(rule, item, Join(at, name), root, errors, depth + 1);
            }
            else if (rules["additionalProperties"] is { } others)
            {
                if (others is JsonValue no && no.TryGetValue<bool>(out var allowed))
                {
                    errors.AddRange(allowed ? [] : [$"an unexpected parameter `{Join(at, name)}` was provided"]);
                }
                else
                {
                    Check(others, item, Join(at, name), root, errors, depth + 1);
                }
            }
        }
    }

    private static void CheckArray(JsonObject rules, JsonArray value, string at, JsonNode? root, List<string> errors, int depth)
    {
        if (rules.Integer("minItems") is { } least && value.Count < least)
        {
            errors.Add($"{Name(at)} must have at least {least} items");
        }

        if (rules.Integer("maxItems") is { } most && value.Count > most)
        {
            errors.Add($"{Name(at)} must have at most {most} items");
        }

        if (rules.Flag("uniqueItems") is true && value.Where((v, i) => value.Take(i).Any(o => JsonNode.DeepEquals(o, v))).Any())
        {
            errors.Add($"{Name(at)} must not repeat an item");
        }

        for (var i = 0; i < value.Count && rules["items"] is not null; i++)
        {
            Check(rules["items"], value[i], $"{at}[{i}]", root, errors, depth + 1);
        }
    }

    /// <summary>The schema may be a tool server's: whatever its patterns are, they end no session.</summary>
    private static string? Mismatch(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, PatternTimeout) ? null : $"must match {pattern}";
        }
        catch (RegexMatchTimeoutException)
        {
            return $"cannot be held against {pattern}: that takes longer than {PatternTimeout.TotalSeconds:0} s";
        }
        catch (ArgumentException)
        {
            return null; // Of another kind of expressions: who wrote it checks it.
        }
    }

    private static void CheckScalar(JsonObject rules, JsonValue value, string at, List<string> errors)
    {
        if (value.GetValueKind() == JsonValueKind.String)
        {
            var text = value.GetValue<string>();
            var runes = text.EnumerateRunes().Count();
            errors.AddRange(rules.Integer("minLength") is { } least && runes < least ? [$"{Name(at)} must have at least {least} characters"] : []);
            errors.AddRange(rules.Integer("maxLength") is { } most && runes > most ? [$"{Name(at)} must have at most {most} characters"] : []);
            errors.AddRange(rules.Text("pattern") is { } pattern && Mismatch(text, pattern) is { } wrong ? [$"{Name(at)} {wrong}"] : []);
        }
        else if (value.GetValueKind() == JsonValueKind.Number)
        {
            var number = Number(value);
            errors.AddRange(rules["minimum"] is JsonValue low && number < Number(low) ? [$"{Name(at)} must be at least {low}"] : []);
            errors.AddRange(rules["maximum"] is JsonValue high && number > Number(high) ? [$"{Name(at)} must be at most {high}"] : []);
            errors.AddRange(rules["exclusiveMinimum"] is JsonValue above && number <= Number(above) ? [$"{Name(at)} must be more than {above}"] : []);
            errors.AddRange(rules["exclusiveMaximum"] is JsonValue below && number >= Number(below) ? [$"{Name(at)} must be less than {below}"] : []);
            errors.AddRange(rules["multipleOf"] is JsonValue step && Math.Abs(Math.IEEERemainder(number, Number(step))) > 1e-9 ? [$"{Name(at)} must be a multiple of {step}"] : []);
        }
    }

    private static void Combine(JsonObject rules, JsonNode? value, string at, JsonNode? root, List<string> errors, int depth)
    {
        bool Passes(JsonNode? schema)
        {
            var inner = new List<string>();
            Check(schema, value, at, root, inner, depth + 1);
            return inner.Count == 0;
        }

        foreach (var all in rules.Array("allOf") ?? [])
        {
            Check(all, value, at, root, errors, depth + 1);
        }

        errors.AddRange(rules.Array("anyOf") is { } any && !any.Any(Passes) ? [$"{Name(at)} matches none of the allowed forms"] : []);
        errors.AddRange(rules.Array("oneOf") is { } one && one.Count(Passes) != 1 ? [$"{Name(at)} must match exactly one of the allowed forms"] : []);
        errors.AddRange(rules["not"] is { } not && Passes(not) ? [$"{Name(at)} has a form that is not allowed"] : []);
    }

    private static JsonNode? Resolve(JsonNode? root, string reference)
    {
        var at = reference.StartsWith('#') ? root : null;

        foreach (var segment in reference.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Uri.UnescapeDataString(segment).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            at = at is JsonArray array && int.TryParse(name, CultureInfo.InvariantCulture, out var index) && index >= 0 && index < array.Count ? array[index] : (at as JsonObject)?[name];
        }

        return at;
    }

    private static bool IsOf(JsonNode type, JsonNode? value) => type is JsonArray several
        ? several.Any(t => t is not null && IsOf(t, value))
        : type.GetValue<string>() switch
        {
            "object" => value is JsonObject,
            "array" => value is JsonArray,
            "null" => value is null,
            "string" => value?.GetValueKind() == JsonValueKind.String,
            "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
            "number" => value?.GetValueKind() == JsonValueKind.Number,
            "integer" => value?.GetValueKind() == JsonValueKind.Number && Number(value.AsValue()) is var n && Math.Floor(n) == n,
            _ => true,
        };

    private static double Number(JsonValue value) =>
        value.TryGetValue<double>(out var real) ? real : value.TryGetValue<long>(out var whole) ? whole : value.TryGetValue<int>(out var small) ? small
            : double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    private static string KindOf(JsonNode? value) => value?.GetValueKind().ToString().ToLowerInvariant() ?? "null";

    private static string Shown(JsonNode type) => type is JsonArray several ? string.Join(" or ", several.Select(s => s?.ToString())) : type.ToString();

    private static string Name(string at) => at.Length == 0 ? "the value" : $"`{at}`";

    private static string Join(string at, string name) => at.Length == 0 ? name : $"{at}.{name}";
}
