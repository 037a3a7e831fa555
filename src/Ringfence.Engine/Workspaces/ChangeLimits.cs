namespace Ringfence.Workspaces;

/// <summary>How much of a workspace may become a change set. What is beyond is left out by name, or fails the collection: never cut silently.</summary>
internal sealed record ChangeLimits
{
    /// <summary>A larger file is left out with a note. Default 100 MiB: beyond, code hosts refuse it too.</summary>
    public long FileBytes { get; init; } = 100L << 20;

    /// <summary>More bytes than this in all fail. Default 2 GiB.</summary>
    public long TotalBytes { get; init; } = 2L << 30;

    /// <summary>More files than this fail. Default 200,000.</summary>
    public int Files { get; init; } = 200_000;

    /// <summary>More changed files than this in one folder fail. Default 50,000: git's time to write one folder grows with the square of what is in it.</summary>
    public int FilesInFolder { get; init; } = 50_000;

    /// <summary>More names than this in folders that are not ignored fail. Default 1,000,000.</summary>
    public int Names { get; init; } = 1_000_000;

    /// <summary>Longer paths are left out with a note: Linux cannot open them, so git could not check them out. Bytes.</summary>
    public int PathBytes { get; init; } = 4000;
}
