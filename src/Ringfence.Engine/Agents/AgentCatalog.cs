using System.Reflection;
using System.Text.Json.Nodes;

namespace Ringfence.Agents;

/// <summary>
/// All agents that can be named: the built-in ones, the user's own in <c>$RINGFENCE_HOME/agents/NAME.yaml</c>, which win, and
/// <c>acp:COMMAND ARGUMENTS…</c> for whatever speaks Agent Client Protocol on its standard streams, and <c>command:EXECUTABLE ARGUMENTS…</c> for any program.
/// </summary>
public sealed class AgentCatalog(string home)
{
    private const string Prefix = "Ringfence.Agents.Descriptions.";
    private const string Extension = ".yaml";
    private const string Acp = "acp:";
    private const string Program = "command:";

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

    /// <summary>
    /// What tells any known agent how to behave, and this one: agents read each other's files, and one file includes another's.
    /// </summary>
    public IReadOnlyList<string> ConfigurationFor(AgentDescription agent) =>
    [
        .. Names.Select(Find).SelectMany(known => known.Succeeded(out var description) ? description.RepositoryConfiguration : [])
            .Concat(agent.RepositoryConfiguration).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>How a program that is no agent of a description is named, whatever is in its arguments.</summary>
    public static string NameOf(IReadOnlyList<string> command) => Program + new JsonArray([.. command.Select(word => (JsonNode)word)]).ToJsonString();

    /// <summary>Fails with <c>unknown_agent</c> or <c>bad_agent_description</c>.</summary>
    public Result<AgentDescription> Find(string name)
    {
        if (name.StartsWith(Program, StringComparison.Ordinal))
        {
            return FindProgram(name, name[Program.Length..].Trim());
        }

        if (name.StartsWith(Acp, StringComparison.Ordinal))
        {
            return FindAcp(name, name[Acp.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }

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

        return new Failure("unknown_agent", $"There is no agent '{Printable.Escape(name)}'.", $"Known agents: {string.Join(", ", Names)}. Any ACP agent: acp:COMMAND. Any program: command:EXECUTABLE ARGUMENTS.");
    }

    /// <summary>Any program: it reads the prompt from standard input, and its output is its text. Words, or a JSON array where one holds a space.</summary>
    private static Result<AgentDescription> FindProgram(string name, string command)
    {
        if (command.Length == 0)
        {
            return new Failure("unknown_agent", "command: names no program.", "Such as command:/usr/local/bin/mine --quiet.");
        }

        // What YAML reads is JSON, too.
        var words = command.StartsWith('[') ? command : NameOf(command.Split(' ', StringSplitOptions.RemoveEmptyEntries))[Program.Length..];
        return new AgentDescriptionReader(name).Read($"name: program\ncommand: {words}\n").Succeeded(out var read, out var why)
            ? read with { Name = name, Title = read.Command[0] } : Result.Fail<AgentDescription>(why);
    }

    /// <summary>
    /// A command that speaks the protocol. When its first word names an agent that is a package, its program, settings and wire are that agent's:
    /// <c>acp:opencode acp</c>, <c>acp:gemini-cli --acp</c>.
    /// </summary>
    private Result<AgentDescription> FindAcp(string name, string[] command)
    {
        if (command.Length == 0)
        {
            return new Failure("unknown_agent", "acp: names no command.", "Such as acp:opencode acp, or acp:/usr/bin/my-agent --acp.");
        }

        if (!command[0].Contains('/', StringComparison.Ordinal) && Names.Contains(command[0]))
        {
            return Find(command[0]).Succeeded(out var known, out var why)
                ? known.Package is null
                    ? known with { Command = [.. known.Command.TakeWhile(c => !c.StartsWith('-')), .. command[1..]], Resume = [], Input = null, Events = "acp" }
                    : known with { Command = ["{agent}", .. command[1..]], Resume = [], Input = null, Events = "acp" }
                : Result.Fail<AgentDescription>(why);
        }

        return new AgentDescription
        {
            Name = name,
            Title = command[0],
            Wire = "",
            Command = command,
            Environment = GatewayEnvironment.For(new Dictionary<string, string>()),
            Events = "acp",
        };
    }
}
