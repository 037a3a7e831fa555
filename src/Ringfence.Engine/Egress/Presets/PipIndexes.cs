using System.Text.RegularExpressions;

namespace Ringfence.Egress;

/// <summary>pip's index and extra indexes; the default one in the words of pip's own help where nothing is set.</summary>
internal static partial class PipIndexes
{
    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken)
    {
        if (await ToolQuestion.AskAsync(user, "python3", ["-m", "pip", "config", "list"], cancellationToken) is not { } settings)
        {
            return ToolQuestion.NotInstalled("pip", "pip");
        }

        var lines = settings.Split('\n').Where(l => Setting().IsMatch(l)).ToList();
        var urls = lines.SelectMany(l => Url().Matches(l)).Select(m => m.Value).ToList();

        if (!lines.Exists(l => l.Contains(".index-url", StringComparison.Ordinal))
            && await ToolQuestion.AskAsync(user, "python3", ["-m", "pip", "download", "--help"], cancellationToken) is { } help
            && Default().Match(help.ReplaceLineEndings(" ")) is { Success: true } found)
        {
            urls.Add(found.Groups[1].Value);
        }

        return urls;
    }

    [GeneratedRegex(@"\.(extra-)?index-url=")]
    private static partial Regex Setting();

    [GeneratedRegex(@"https?://[^\s'\\]+")]
    private static partial Regex Url();

    [GeneratedRegex(@"--index-url <url>.*?\(default\s+(https?://[^\s)]+)\)")]
    private static partial Regex Default();
}
