namespace Ringfence.Agents;

/// <summary>
/// An agent as data: how to start it, which wire it speaks, how its stream is read, how it must be answered. Built-in descriptions are embedded
/// YAML files; users add their own in the same form.
/// </summary>
public sealed record AgentDescription
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    /// <summary>
    /// The provider format it speaks at the gateway: <c>anthropic</c>, <c>openai-responses</c>, <c>openai-chat</c> or <c>gemini</c>; empty when it is
    /// not known, then every wire's usual variables point at the gateway.
    /// </summary>
    public required string Wire { get; init; }

    /// <summary>
    /// Executable and arguments, never a shell line. <c>{prompt}</c>, <c>{model}</c>, <c>{turns}</c>, <c>{session}</c>, <c>{home}</c>, <c>{workspace}</c>,
    /// <c>{ringfence}</c>, <c>{gateway}</c> and <c>{token}</c> are replaced inside an argument; one whose placeholder has no value is dropped, with the
    /// flag before it. <c>{state}</c> is a folder that outlives an attempt, for conversations. <c>{agent}</c> alone stands for the installed program, with the interpreter that it needs.
    /// </summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The command that goes on with <c>{session}</c>, where that is more than a flag of <see cref="Command"/>. Same placeholders.</summary>
    public IReadOnlyList<string> Resume { get; init; } = [];

    /// <summary>Files and folders of a repository that tell this agent how to behave, as paths from the root.</summary>
    public IReadOnlyList<string> RepositoryConfiguration { get; init; } = [];

    /// <summary>Written to standard input, which is then closed; same placeholders. A prompt goes here where the agent reads one: argument lists are public.</summary>
    public string? Input { get; init; }

    /// <summary>Environment inside the sandbox, with the same placeholders.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Files written into the sandbox before the start, by absolute path inside, with the same placeholders.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>How standard output is read: <c>claude-stream-json</c>, <c>codex-jsonl</c>, <c>gemini-stream-json</c>, <c>opencode-json</c>, <c>acp</c>, <c>text</c>.</summary>
    public string Events { get; init; } = "text";

    /// <summary>HTTP status at which this agent stops at once instead of retrying, used for a terminal cap and the kill switch.</summary>
    public int TerminalStatus { get; init; } = 403;

    public string? DefaultModel { get; init; }

    /// <summary>Host folders that it needs besides the system's tool chain, as <c>source:target</c>; <c>~</c> is the user's home.</summary>
    public IReadOnlyList<string> Mounts { get; init; } = [];

    /// <summary>How to obtain it, when it is a package of a registry.</summary>
    public AgentPackage? Package { get; init; }

    /// <summary>
    /// What it calls the tools that rules name, where that is not the same: <c>Bash</c> is Gemini CLI's <c>run_shell_command</c>. Rules reach it by <c>{deny}</c>
    /// (as they are), <c>{exclude}</c> (tools and beginnings of commands, comma separated), <c>{excluded}</c> (the same as a JSON array), <c>{permission}</c> (the same as
    /// opencode's object), <c>{forbidden}</c> (beginnings of commands as Codex's rules) and <c>{tools}</c> (the only tools that it gets).
    /// </summary>
    public IReadOnlyDictionary<string, string> ToolNames { get; init; } = new Dictionary<string, string>();

    /// <summary>True when it can be told of this rule: a promise of its own, beside the walls.</summary>
    public bool Takes(ToolRule rule) =>
        IsTold("{deny}")
        || (IsTold("{excluded}", "{exclude}") && (rule.What is null || rule.Command is not null))
        || (IsTold("{permission}") && ((rule.What is null && ToolNames.ContainsKey(rule.Tool)) || rule.Command is not null))
        || (IsTold("{forbidden}") && rule.CommandPrefix is not null);

    /// <summary>True when it can be told to have only some of its tools.</summary>
    public bool TakesToolList => IsTold("{tools}", "{permission}");

    private bool IsTold(params IEnumerable<string> placeholders) =>
        Command.Concat(Files.Values).Concat(Environment.Values).Any(text => placeholders.Any(p => text.Contains(p, StringComparison.Ordinal)));

    /// <summary>Its tools by name, for <c>ringfence agents test</c>.</summary>
    public AgentTools? Tools { get; init; }
}

/// <summary>
/// A package of a registry, for this machine: in the file <c>{cpu}</c> stands for <c>x64</c> or <c>arm64</c>, <c>{machine}</c> for <c>x86_64</c> or <c>aarch64</c>.
/// </summary>
/// <param name="Registry"><c>npm</c>.</param>
/// <param name="Version">The version that was tested, exact.</param>
/// <param name="Executable">Path of what is to be started, below the folder that the package was installed into.</param>
/// <param name="Node">Least major version of Node.js that runs the executable; null for one that the system starts by itself.</param>
/// <param name="Integrity">What the registry must report for the package at that version, such as <c>sha512-…</c>; null when it is not pinned.</param>
/// <param name="Agent">Name of the agent whose package it is; names the folder that it is installed into.</param>
public sealed record AgentPackage(
    string Agent, string Registry, string Name, string Version, string Executable, int? Node = null, string? Integrity = null)
{
    /// <summary>The oldest and the newest version that passed <c>ringfence agents test</c>; both are <see cref="Version"/> where no other was tried.</summary>
    public (string Oldest, string Newest) Tested { get; init; } = (Version, Version);

    /// <summary>What its users call it by in a shell: found on their search path, it need not be installed again.</summary>
    public string Program { get; init; } = Path.GetFileNameWithoutExtension(Executable);
}

/// <param name="Shell">The tool that runs a command: its name and its argument's.</param>
/// <param name="Write">The tool that writes a file: its name, and the names of the arguments for path and content; null when it has none.</param>
public sealed record AgentTools(IReadOnlyList<string> Shell, IReadOnlyList<string>? Write);
