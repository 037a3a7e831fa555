namespace Ringfence.Sandboxes;

/// <summary>
/// The walls around one process tree, as values: mounts, limits, doors; nothing about how a backend builds them.
/// A backend that cannot enforce a part refuses to start.
/// </summary>
public sealed record SandboxSpec
{
    /// <summary>Executable and arguments as seen inside; never a shell line.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The whole environment: nothing is inherited.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string WorkingDirectory { get; init; } = SandboxPaths.Workspace;

    /// <summary>The overlay at <see cref="SandboxPaths.Workspace"/>, or null for an empty, temporary one.</summary>
    public WorkspaceMount? Workspace { get; init; }

    /// <summary>Host folders and files shown inside besides the system's tool chain.</summary>
    public IReadOnlyList<Mount> Mounts { get; init; } = [];

    /// <summary>Small files placed before the command starts, such as an agent's configuration in its home.</summary>
    public IReadOnlyList<SandboxFile> Files { get; init; } = [];

    public SandboxLimits Limits { get; init; } = new();

    public SandboxDoors Doors { get; init; } = SandboxDoors.None;

    /// <summary>A terminal for the command; null gives it pipes.</summary>
    public SandboxTerminal? Terminal { get; init; }
}

/// <summary>Where things are inside every sandbox, whatever the backend.</summary>
public static class SandboxPaths
{
    public const string Workspace = "/workspace";
    public const string Home = "/home/agent";
    public const string Temporary = "/tmp";

    /// <summary>Where the built-in agent and other parts of ours are mounted, read-only.</summary>
    public const string Ringfence = "/ringfence";
}

/// <summary>The workspace: a read-only base shared between runs, and this run's changes above it.</summary>
/// <param name="Lower">The base checkout. Never written.</param>
/// <param name="Upper">
/// Folder on disk that receives the changes and outlives a kill -9 or power loss; null keeps them in memory, which is faster and a hard quota.
/// Its sibling with the suffix <c>.work</c> belongs to the overlay.
/// </param>
public sealed record WorkspaceMount(string Lower, string? Upper)
{
    /// <summary>
    /// Whether <see cref="Upper"/> holds a whole copy of the base and the layers, with the changes in it: for file systems on which no overlay can be had.
    /// </summary>
    public bool IsCopy { get; init; }

    /// <summary>Read-only folders between the two, the topmost first, such as installed dependencies: changes of earlier overlays, with their marks. Needs Linux 6.7.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];
}

/// <param name="Source">Absolute path on the host. Must exist.</param>
/// <param name="Target">Absolute path inside.</param>
public sealed record Mount(string Source, string Target, bool Writable = false);

/// <param name="Mode">Unix permission bits, without set-id bits.</param>
public sealed record SandboxFile(string Target, ReadOnlyMemory<byte> Content, int Mode = 0x1A4);

/// <summary>The ways out. Whatever is not here does not exist inside.</summary>
[Flags]
public enum SandboxDoors
{
    None = 0,

    /// <summary>A listener on <see cref="SandboxEndpoints.Gateway"/> inside, handed to the supervisor.</summary>
    Gateway = 1,

    /// <summary>All other TCP and all DNS, captured and handed to the supervisor with the destination that was meant.</summary>
    Egress = 2,
}

public static class SandboxEndpoints
{
    /// <summary>Where the gateway is seen from inside. Loopback of the sandbox's own network namespace.</summary>
    public const int GatewayPort = 7400;

    public const string Gateway = "http://127.0.0.1:7400";
}
