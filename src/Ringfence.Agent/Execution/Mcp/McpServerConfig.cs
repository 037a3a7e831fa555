using System.Text.RegularExpressions;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Settings;

namespace Ringfence.Agent.Execution.Mcp;

/// <summary>How a server is started or reached, as <c>mcpServers</c> says it.</summary>
internal sealed partial record McpServerConfig(string Name)
{
    /// <summary>As it was written: the same text is the same server.</summary>
    public string Text { get; init; } = "";

    /// <summary><c>project</c> for one of <c>.mcp.json</c>, <c>dynamic</c> for one that was given for this session.</summary>
    public string Scope { get; init; } = "dynamic";

    public string? Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public Uri? Url { get; init; }

    public bool IsSse { get; init; }

    /// <summary>How long it may take until its tools are known: <c>MCP_TIMEOUT</c>, in milliseconds.</summary>
    public TimeSpan StartLimit { get; init; }

    /// <summary>How long a call of a tool may take: <c>MCP_TOOL_TIMEOUT</c>, in milliseconds.</summary>
    public TimeSpan CallLimit { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The servers of the command line, and of the project's <c>.mcp.json</c> those that the user's settings allow.</summary>
    public static IReadOnlyList<McpServerConfig> Read(AgentOptions options, AgentSettings settings, string root, Func<string, string?> environment, List<Failure> failures)
    {
        var servers = new Dictionary<string, McpServerConfig>(StringComparer.Ordinal);
        var project = Path.Combine(root, ".mcp.json");

        // An empty file is what a sandbox lays over one that does not count.
        if (!options.StrictMcpConfig && !options.Bare && new FileInfo(project) is { Exists: true, Length: > 0 })
        {
            foreach (var server in Parse(File.ReadAllText(project), project, environment, failures)
                .Where(s => (settings.AllProjectServers || settings.EnabledProjectServers.Contains(s.Name)) && !settings.DisabledProjectServers.Contains(s.Name)))
            {
                servers[server.Name] = server with { Scope = "project" };
            }
        }

        foreach (var given in options.McpConfigs)
        {
            var isText = given.TrimStart().StartsWith('{');

            if (!isText && !File.Exists(given))
            {
                failures.Add(new Failure("no_mcp_config", $"Error: MCP config file not found: {given}"));
                continue;
            }

            foreach (var server in Parse(isText ? given : File.ReadAllText(given), isText ? "--mcp-config" : given, environment, failures))
            {
                servers[server.Name] = server;
            }
        }

        return [.. servers.Values];
    }

    /// <param name="text">JSON with <c>mcpServers</c>.</param>
    /// <param name="source">What to call it in a failure.</param>
    public static IEnumerable<McpServerConfig> Parse(string text, string source, Func<string, string?> environment, List<Failure> failures)
    {
        if (Json.TryParseObject(text)?.Object("mcpServers") is not { } servers)
        {
            failures.Add(new Failure("bad_mcp_config", $"{source}: not a JSON object with mcpServers."));
            yield break;
        }

        TimeSpan Limit(string variable, int otherwise) => TimeSpan.FromMilliseconds(Math.Clamp(ModelEndpoint.Number(environment(variable), otherwise), 1, int.MaxValue));
        var (start, call) = (Limit("MCP_TIMEOUT", 30_000), Limit("MCP_TOOL_TIMEOUT", 1_800_000));

        foreach (var (name, value) in servers)
        {
            string Expand(string t) => Variable().Replace(t, m => environment(m.Groups[1].Value) ?? (m.Groups[2].Success ? m.Groups[2].Value : ""));

            IReadOnlyDictionary<string, string> Strings(string property) =>
                (value.Object(property) ?? []).ToDictionary(p => p.Key, p => Expand(p.Value?.ToString() ?? ""), StringComparer.Ordinal);

            if (value.Text("type") == "sdk")
            {
                continue; // lives in the program that drives us, which names it in initialize
            }

            if (value.Text("url") is { } url && Uri.TryCreate(Expand(url), UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            {
                yield return new McpServerConfig(name) { Text = value!.ToText(), StartLimit = start, CallLimit = call, Url = address, IsSse = value.Text("type") == "sse", Headers = Strings("headers") };
            }
            else if (value.Text("command") is { Length: > 0 } command)
            {
                yield return new McpServerConfig(name)
                {
                    Text = value!.ToText(), StartLimit = start, CallLimit = call, Command = Expand(command), Arguments = [.. (value.Array("args") ?? []).Select(a => Expand(a?.ToString() ?? ""))], Environment = Strings("env"),
                };
            }
            else
            {
                failures.Add(new Failure("bad_mcp_config", $"{source}: the server '{name}' needs a command or an http(s) url."));
            }
        }
    }

    public McpServerEntry ToEntry(string directory, IAgentHost host) => new(Name, Scope, Text, () => new ConnectedMcpServer(this, directory, host));

    // Bounded: a file full of beginnings without an end would be searched to its end for each.
    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]{0,200})(?::-([^}]{0,2000}))?\}")]
    private static partial Regex Variable();
}
