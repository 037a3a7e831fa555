using System.Globalization;

namespace Ringfence.Budgets;

/// <summary>
/// Names who holds a block. Blocks from which only calls on a run's record are paid name their process: when it dies, the record says what was spent of them.
/// Of others nobody knows, and they count as spent whole.
/// </summary>
internal static class BlockHolder
{
    private const char After = '#';

    /// <param name="worker">The process; null for calls that are on no record.</param>
    public static string Of(string? worker, string gateway, int epoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{(worker is null ? "" : worker + After)}{gateway}/{epoch}");

    /// <summary>Null when the block names none.</summary>
    public static string? WorkerOf(string holder) => holder.IndexOf(After, StringComparison.Ordinal) is var at and >= 0 ? holder[..at] : null;

    /// <summary>Pattern of all that one process holds.</summary>
    public static string LikeOf(string worker) => $"{worker}{After}%";
}
