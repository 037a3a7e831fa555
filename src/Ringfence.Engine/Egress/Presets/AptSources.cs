using System.Text.RegularExpressions;

namespace Ringfence.Egress;

/// <summary>The archives of apt's source lists, in the one-line form and the deb822 form.</summary>
internal static partial class AptSources
{
    private const string Folder = "/etc/apt";

    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken)
    {
        var parts = Path.Combine(Folder, "sources.list.d");
        string[] files =
        [
            Path.Combine(Folder, "sources.list"),
            .. Directory.Exists(parts) ? Directory.EnumerateFiles(parts).Where(f => f.EndsWith(".list", StringComparison.Ordinal) || f.EndsWith(".sources", StringComparison.Ordinal)) : [],
        ];
        var urls = new List<string>();

        foreach (var file in files.Where(File.Exists))
        {
            urls.AddRange((await File.ReadAllLinesAsync(file, cancellationToken))
                .Where(l => Line().IsMatch(l)).SelectMany(l => Url().Matches(l)).Select(m => m.Value));
        }

        return urls;
    }

    [GeneratedRegex(@"^\s*(deb|deb-src|URIs:)\s")]
    private static partial Regex Line();

    [GeneratedRegex(@"https?://\S+")]
    private static partial Regex Url();
}
