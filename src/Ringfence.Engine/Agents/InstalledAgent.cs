using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>An agent's package as it lies on this machine.</summary>
public sealed record InstalledAgent(string Folder, InstallationRecord Record)
{
    public string Executable => Path.Combine(Folder, Record.Executable);

    /// <summary>The user's own, by their search path. Its record has no digest, and may have no version.</summary>
    public bool OnPath { get; init; }

    /// <summary>The version manager that would choose the program at each start, where its choice cannot be known; null for a program.</summary>
    public string? Chooser { get; init; }

    /// <summary>Nothing but the executable belongs to it.</summary>
    public bool Alone { get; init; }

    internal Mount ShownAt(string inside) => Alone ? new Mount(Executable, $"{inside}/{Record.Executable}") : new Mount(Folder, inside);
}

/// <summary>What was installed, kept beside it. Scripts read it: add, never rename.</summary>
/// <param name="Executable">Path below the folder.</param>
/// <param name="Digest">SHA-256 of the executable, lower-case hex.</param>
/// <param name="Integrity">What npm verified the package against.</param>
public sealed record InstallationRecord(string Package, string Version, string Executable, string Digest, string Integrity, DateTimeOffset InstalledAt);

/// <summary>How an installed agent is started inside a sandbox.</summary>
/// <param name="Command">Interpreter, where one is needed, and program.</param>
/// <param name="Digest">SHA-256 of the program.</param>
public sealed record AgentProgram(IReadOnlyList<string> Command, IReadOnlyList<Mount> Mounts, string Version, string Digest)
{
    /// <summary>A folder inside that comes first in the search path, so that what the agent starts finds the same interpreter.</summary>
    public string? SearchPath { get; init; }
}
