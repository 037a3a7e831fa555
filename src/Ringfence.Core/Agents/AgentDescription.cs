namespace Ringfence.Agents;

/// <summary>
/// An agent as data: how to start it, which wire it speaks, how its stream is read, how it must be answered. Built-in descriptions are embedded
/// YAML files; users add their own in the same form.
/// </summary>
public sealed record AgentDescription
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    /// <summary>The provider format it speaks at the gateway: <c>anthropic</c>, <c>openai-responses</c>, <c>openai-chat</c> or <c>gemini</c>.</summary>
    public required string Wire { get; init; }

    /// <summary>
    /// Executable and arguments, never a shell line. <c>{prompt}</c>, <c>{model}</c>, <c>{turns}</c>, <c>{session}</c>, <c>{home}</c>, <c>{workspace}</c>,
    /// <c>{ringfence}</c>, <c>{gateway}</c> and <c>{token}</c> are replaced inside an argument; one whose placeholder has no value is dropped, with the
    /// flag before it.
    /// </summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Written to standard input, which is then closed; same placeholders. A prompt goes here where the agent reads one: argument lists are public.</summary>
    public string? Input { get; init; }

    /// <summary>Environment inside the sandbox, with the same placeholders.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Files written into the sandbox before the start, by absolute path inside, with the same placeholders.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>How standard output is read: <c>claude-stream-json</c>, <c>codex-jsonl</c>, <c>gemini-stream-json</c>, <c>opencode-json</c>, <c>text</c>.</summary>
    public string Events { get; init; } = "text";

    /// <summary>HTTP status at which this agent stops at once instead of retrying, used for a terminal cap and the kill switch.</summary>
    public int TerminalStatus { get; init; } = 403;

    public string? DefaultModel { get; init; }

    /// <summary>Host folders that it needs besides the system's tool chain, as <c>source:target</c>; <c>~</c> is the user's home.</summary>
    public IReadOnlyList<string> Mounts { get; init; } = [];

    /// <summary>How to obtain it, when it is a package of a registry.</summary>
    public AgentPackage? Package { get; init; }
}

/// <param name="Registry"><c>npm</c>.</param>
/// <param name="Version">The version that was tested, exact.</param>
/// <param name="Executable">Path below the installed package of what is to be started.</param>
public sealed record AgentPackage(string Registry, string Name, string Version, string Executable);
