using System.Text;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Views;

/// <summary>The end of what a failed check printed: why a run failed is seldom in its exit code.</summary>
internal static class FailedCheck
{
    private const int MostLines = 12;

    /// <summary>Empty when no check failed last, or what it printed is no longer kept.</summary>
    public static async Task<IReadOnlyList<string>> EndAsync(AuditReader reader, Run run, CancellationToken cancellationToken)
    {
        if (run.Reason is not FailReason.VerificationFailed
            || await reader.FactsAsync<VerificationFinished>(run.Id, cancellationToken) is not [.., { Passed: false } check]
            || await reader.ContentAsync(run.Id, check.OutputDigest, cancellationToken) is not { } content)
        {
            return [];
        }

        var lines = Encoding.UTF8.GetString(content).ReplaceLineEndings("\n").TrimEnd().Split('\n');
        var shown = lines.TakeLast(MostLines).Select(Printable.EscapeLines);
        return lines is [""] ? [] : lines.Length > MostLines ? [$"… {lines.Length - MostLines} lines before", .. shown] : [.. shown];
    }
}
