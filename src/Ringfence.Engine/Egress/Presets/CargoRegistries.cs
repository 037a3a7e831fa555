using System.Text.RegularExpressions;

namespace Ringfence.Egress;

/// <summary>The registries and source replacements of cargo's configuration file and variables. Cargo tells nobody its built-in one.</summary>
internal static partial class CargoRegistries
{
    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken)
    {
        var home = user.Variables.GetValueOrDefault("CARGO_HOME") is { Length: > 0 } set ? set : Path.Combine(user.Home, ".cargo");
        var urls = new List<string>();

        foreach (var name in (string[])["config.toml", "config"])
        {
            var path = Path.Combine(home, name);

            if (File.Exists(path))
            {
                urls.AddRange((await File.ReadAllLinesAsync(path, cancellationToken)).Select(l => Setting().Match(l)).Where(m => m.Success).Select(m => m.Groups[1].Value));
                break;
            }
        }

        urls.AddRange(user.Variables.Where(v => v.Key.StartsWith("CARGO_REGISTRIES_", StringComparison.Ordinal) && v.Key.EndsWith("_INDEX", StringComparison.Ordinal)).Select(v => v.Value));
        return urls.Select(u => u.StartsWith("sparse+", StringComparison.Ordinal) ? u["sparse+".Length..] : u).ToList();
    }

    [GeneratedRegex("""^\s*(?:registry|index)\s*=\s*["']([^"']+)["']""")]
    private static partial Regex Setting();
}
