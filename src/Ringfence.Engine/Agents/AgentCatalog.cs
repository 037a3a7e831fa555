using System.Reflection;

namespace Ringfence.Agents;

/// <summary>All agents that can be named: the built-in ones, and the user's own in <c>$RINGFENCE_HOME/agents/NAME.yaml</c>, which win.</summary>
public sealed class AgentCatalog(string home)
{
    private const string Prefix = "Ringfence.Agents.Descriptions.";
    private const string Extension = ".yaml";

    private static readonly Assembly Assembly = typeof(AgentCatalog).Assembly;

    private string UserFolder => Path.Combine(home, "agents");

    public IReadOnlyList<string> Names =>
    [
        .. Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Extension.Length])
            .Concat(Directory.Exists(UserFolder)
                ? Directory.EnumerateFiles(UserFolder, "*" + Extension).Select(file => Path.GetFileNameWithoutExtension(file))
                : [])
            .Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Fails with <c>unknown_agent</c> or <c>bad_agent_description</c>.</summary>
    public Result<AgentDescription> Find(string name)
    {
        // The name becomes part of a path: only a plain word may.
        if (name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && !name.Contains("..", StringComparison.Ordinal))
        {
            var file = Path.Combine(UserFolder, name + Extension);

            if (File.Exists(file))
            {
                return new AgentDescriptionReader(file).Read(File.ReadAllText(file));
            }

            using var resource = Assembly.GetManifestResourceStream(Prefix + name + Extension);

            if (resource is not null)
            {
                return new AgentDescriptionReader(name + Extension).Read(new StreamReader(resource).ReadToEnd());
            }
        }

        return new Failure("unknown_agent", $"There is no agent '{Printable.Escape(name)}'.", $"Known agents: {string.Join(", ", Names)}.");
    }
}
