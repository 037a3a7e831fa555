namespace Ringfence.Sandboxes;

/// <summary>Hard limits of one sandbox. Zero means unlimited where the text says so, nowhere else.</summary>
public sealed record SandboxLimits
{
    /// <summary>Memory of all processes together, bytes. Default 4 GiB.</summary>
    public long MemoryBytes { get; init; } = 4L << 30;

    /// <summary>Processes and threads. Default 1,024.</summary>
    public int Processes { get; init; } = 1024;

    /// <summary>Processor time share in thousandths of a core; 0 is unlimited. Default 0.</summary>
    public int MilliCores { get; init; }

    /// <summary>Bytes that the workspace's changes may take. Default 4 GiB.</summary>
    public long DiskBytes { get; init; } = 4L << 30;

    /// <summary>Files and folders that the workspace's changes may hold. Default 1,000,000.</summary>
    public long DiskInodes { get; init; } = 1_000_000;

    /// <summary>Bytes of home and temporary folders, in memory. Default 1 GiB.</summary>
    public long TemporaryBytes { get; init; } = 1L << 30;

    /// <summary>Open files per process. Default 16,384.</summary>
    public int OpenFiles { get; init; } = 16_384;

    /// <summary>Bytes a second that may be read from, and as many written to, the disk that holds the workspace's changes; 0 is unlimited. Default 0.</summary>
    public long DiskBytesPerSecond { get; init; }

    /// <summary>Bytes of standard output and error together; 0 is unlimited. Default 1 GiB.</summary>
    public long OutputBytes { get; init; } = 1L << 30;

    /// <summary>Wall time; null is unlimited.</summary>
    public TimeSpan? WallTime { get; init; }

    /// <summary>Longest time without output, command or connection; null is unlimited.</summary>
    public TimeSpan? Silence { get; init; }
}
