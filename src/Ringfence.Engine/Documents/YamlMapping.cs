using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ringfence.Documents;

/// <summary>
/// A YAML mapping that is read key by key. What is wrong is collected with line and column, so that all of it can be told at once; what is not
/// asked for is an unknown key.
/// </summary>
/// <param name="source">File name, for messages.</param>
/// <param name="code">Code of every failure.</param>
/// <param name="firstLine">Line of the file at which the YAML begins, from 1: front matter starts after its fence.</param>
public sealed partial class YamlMapping(YamlMappingNode node, string source, string code, List<Failure> failures, int firstLine = 1)
{
    private readonly HashSet<string> asked = [];

    /// <summary>Parses a text whose root must be a mapping; null when it is none, with the failure added.</summary>
    public static YamlMapping? Parse(string yaml, string source, string code, List<Failure> failures, int firstLine = 1)
    {
        var stream = new YamlStream();

        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException malformed)
        {
            failures.Add(new Failure(code, $"{source}:{malformed.Start.Line + firstLine - 1}:{malformed.Start.Column}: {malformed.Message}"));
            return null;
        }

        if (stream.Documents is [{ RootNode: YamlMappingNode root }])
        {
            return new YamlMapping(root, source, code, failures, firstLine);
        }

        failures.Add(new Failure(code, $"{source}:{firstLine}:1: One mapping of keys to values is expected."));
        return null;
    }

    public bool Has(string key) => Child(key) is not null;

    public string? Text(string key, bool required = false)
    {
        switch (Child(key))
        {
            case YamlScalarNode { Value: { Length: > 0 } value }:
                return value;
            case null when !required:
                return null;
            case null:
                Fail(node, $"'{key}' is missing.");
                return null;
            case var other:
                Fail(other, $"'{key}' is a text.");
                return null;
        }
    }

    public string? OneOf(string key, IReadOnlyList<string> choices)
    {
        var text = Text(key);

        if (text is not null && !choices.Contains(text))
        {
            Fail(key, $"'{key}' cannot be '{text}'.", $"One of: {string.Join(", ", choices)}.");
            return null;
        }

        return text;
    }

    public int? Number(string key, int least, int most)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fail(key, $"'{key}' is a whole number from {least} to {most}, not '{text}'.");
        return null;
    }

    /// <summary>A list of texts; where <paramref name="single"/> is set, one text counts as a list of one.</summary>
    public IReadOnlyList<string> Texts(string key, bool required = false, bool single = false)
    {
        switch (Child(key))
        {
            case YamlSequenceNode list when list.All(item => item is YamlScalarNode) && (list.Children.Count > 0 || !required):
                return [.. list.Select(item => ((YamlScalarNode)item).Value ?? "")];
            case YamlScalarNode { Value: { Length: > 0 } value } when single:
                return [value];
            case null when !required:
                return [];
            case null:
                Fail(node, $"'{key}' is missing.");
                return [];
            case var other:
                Fail(other, $"'{key}' is a list of texts.");
                return [];
        }
    }

    public Dictionary<string, string> Pairs(string key)
    {
        switch (Child(key))
        {
            case YamlMappingNode map when map.All(pair => pair.Value is YamlScalarNode):
                return map.ToDictionary(pair => pair.Key.ToString(), pair => ((YamlScalarNode)pair.Value).Value ?? "");
            case null:
                return [];
            case var other:
                Fail(other, $"'{key}' is a mapping of names to texts.");
                return [];
        }
    }

    /// <summary>Names to lists of texts, where the names are the user's own.</summary>
    public Dictionary<string, IReadOnlyList<string>> Lists(string key) =>
        Child(key) is YamlMappingNode names && Mapping(key) is { } below
            ? names.Children.Keys.ToDictionary(name => name.ToString(), name => below.Texts(name.ToString(), single: true))
            : [];

    /// <summary>A mapping below this one. Null when it is absent, or something else, which is a failure.</summary>
    public YamlMapping? Mapping(string key)
    {
        switch (Child(key))
        {
            case YamlMappingNode map:
                return new YamlMapping(map, source, code, failures, firstLine);
            case null:
                return null;
            case var other:
                Fail(other, $"'{key}' is a mapping.");
                return null;
        }
    }

    public IReadOnlyList<YamlMapping> Mappings(string key)
    {
        switch (Child(key))
        {
            case YamlSequenceNode list when list.All(item => item is YamlMappingNode):
                return [.. list.Select(item => new YamlMapping((YamlMappingNode)item, source, code, failures, firstLine))];
            case null:
                return [];
            case var other:
                Fail(other, $"'{key}' is a list of mappings.");
                return [];
        }
    }

    /// <summary>True when the key's value is one text rather than a mapping or a list.</summary>
    public bool IsText(string key) => Child(key) is YamlScalarNode;

    /// <summary>Fails every key that was never asked for. Call it last.</summary>
    public void RefuseOthers()
    {
        CheckTable();

        foreach (var key in node.Children.Keys.Where(key => !asked.Contains(key.ToString())))
        {
            Fail(key, $"Unknown key '{key}'.", $"Known here: {string.Join(", ", asked.Order(StringComparer.Ordinal))}.");
        }
    }

    public void Fail(string key, string message, string? hint = null) => Fail(Child(key) ?? node, message, hint);

    private void Fail(YamlNode at, string message, string? hint = null) =>
        failures.Add(new Failure(code, $"{source}:{at.Start.Line + firstLine - 1}:{at.Start.Column}: {message}", hint));

    private YamlNode? Child(string key)
    {
        asked.Add(key);
        return node.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;
    }
}
