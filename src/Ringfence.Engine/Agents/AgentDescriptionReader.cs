using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ringfence.Agents;

/// <summary>Reads a description from YAML and says everything that is wrong with it at once, with line and column.</summary>
internal sealed class AgentDescriptionReader(string source)
{
    private static readonly string[] Keys =
        ["name", "title", "wire", "command", "input", "environment", "files", "events", "terminal_status", "default_model", "mounts", "package"];

    private static readonly string[] Wires = ["anthropic", "openai-responses", "openai-chat", "gemini"];

    private readonly List<Failure> failures = [];

    public Result<AgentDescription> Read(string yaml)
    {
        var stream = new YamlStream();

        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException malformed)
        {
            return new Failure("bad_agent_description", $"{source}:{malformed.Start.Line}:{malformed.Start.Column}: {malformed.Message}");
        }

        if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
        {
            return new Failure("bad_agent_description", $"{source}: a description is one mapping of keys to values.");
        }

        foreach (var key in root.Children.Keys.Where(k => !Keys.Contains(k.ToString())))
        {
            Fail(key, $"Unknown key '{key}'.", $"Known keys: {string.Join(", ", Keys)}.");
        }

        var description = new AgentDescription
        {
            Name = Text(root, "name", required: true) ?? "",
            Title = Text(root, "title") ?? Text(root, "name") ?? "",
            Wire = OneOf(root, "wire", Wires) ?? "",
            Command = Texts(root, "command", required: true),
            Input = Text(root, "input"),
            Environment = Pairs(root, "environment"),
            Files = Pairs(root, "files"),
            Events = OneOf(root, "events", AgentEventReader.Formats) ?? "text",
            TerminalStatus = Number(root, "terminal_status", 400, 499) ?? 403,
            DefaultModel = Text(root, "default_model"),
            Mounts = Texts(root, "mounts", required: false),
            Package = Package(root),
        };

        return failures.Count > 0 ? Result.Fail<AgentDescription>(failures) : description;
    }

    private AgentPackage? Package(YamlMappingNode root)
    {
        if (Child(root, "package") is not { } node)
        {
            return null;
        }

        if (node is not YamlMappingNode package)
        {
            Fail(node, "'package' is a mapping of registry, name, version and executable.");
            return null;
        }

        return new AgentPackage(
            OneOf(package, "registry", ["npm"]) ?? "", Text(package, "name", required: true) ?? "",
            Text(package, "version", required: true) ?? "", Text(package, "executable", required: true) ?? "");
    }

    private string? Text(YamlMappingNode parent, string key, bool required = false)
    {
        switch (Child(parent, key))
        {
            case YamlScalarNode { Value: { Length: > 0 } value }:
                return value;
            case null when !required:
                return null;
            case null:
                Fail(parent, $"'{key}' is missing.");
                return null;
            case var other:
                Fail(other, $"'{key}' is a text.");
                return null;
        }
    }

    private string? OneOf(YamlMappingNode parent, string key, IReadOnlyList<string> choices)
    {
        var text = Text(parent, key);

        if (text is not null && !choices.Contains(text))
        {
            Fail(Child(parent, key)!, $"'{key}' cannot be '{text}'.", $"One of: {string.Join(", ", choices)}.");
        }

        return text;
    }

    private int? Number(YamlMappingNode parent, string key, int least, int most)
    {
        if (Text(parent, key) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fail(Child(parent, key)!, $"'{key}' is a number from {least} to {most}, not '{text}'.");
        return null;
    }

    private IReadOnlyList<string> Texts(YamlMappingNode parent, string key, bool required)
    {
        switch (Child(parent, key))
        {
            case YamlSequenceNode { Children.Count: > 0 } list when list.All(item => item is YamlScalarNode):
                return [.. list.Select(item => ((YamlScalarNode)item).Value ?? "")];
            case null when !required:
                return [];
            case null:
                Fail(parent, $"'{key}' is missing.");
                return [];
            case var other:
                Fail(other, $"'{key}' is a list of texts.");
                return [];
        }
    }

    private Dictionary<string, string> Pairs(YamlMappingNode parent, string key)
    {
        switch (Child(parent, key))
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

    private static YamlNode? Child(YamlMappingNode parent, string key) => parent.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;

    private void Fail(YamlNode node, string message, string? hint = null) =>
        failures.Add(new Failure("bad_agent_description", $"{source}:{node.Start.Line}:{node.Start.Column}: {message}", hint));
}
