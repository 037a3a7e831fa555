using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Review;

/// <summary>One changed file as the gates see it: read from the collected tree, never from the agent's folder.</summary>
/// <param name="Before">Text in the base; null when there is none, it is binary, or larger than a gate reads.</param>
/// <param name="After">Text in the tree, likewise. For a symbolic link its target.</param>
/// <param name="Added">Lines that are new, with their number in <paramref name="After"/>.</param>
/// <param name="Removed">Lines that are gone, with their number in <paramref name="Before"/>.</param>
public sealed record ReviewFile(
    FileChange Change, string? Before, string? After, IReadOnlyList<ReviewLine> Added, IReadOnlyList<ReviewLine> Removed)
{
    private const int LongestEvidence = 500;
    private const int LinkMode = 0xA000; // 120000
    private const int SubmoduleMode = 0xE000; // 160000

    /// <summary>For matching against patterns. Bytes that are not UTF-8 become replacement characters.</summary>
    public string Path { get; } = Encoding.UTF8.GetString(Change.Path.Bytes);

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsDeleted => Change.Operation == FileOperation.Deleted;

    public bool IsLink => Change.Mode == LinkMode;

    public bool IsSubmodule => Change.Mode == SubmoduleMode;

    public bool IsExecutable => (Change.Mode & 0x40) != 0 && !IsLink && !IsSubmodule;

    public bool IsBinary => Change.LinesAdded < 0;

    internal Finding At(string gate, FindingSeverity severity, string evidence, int line = 0) => new(
        gate, severity, line > 0 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Change.Path}:{line}") : Change.Path.ToString(),
        Printable.Escape(evidence.Length > LongestEvidence ? evidence[..LongestEvidence] + "…" : evidence));
}

/// <param name="Number">From 1.</param>
public readonly record struct ReviewLine(int Number, string Text);
