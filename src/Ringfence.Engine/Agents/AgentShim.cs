using System.Text.Json;
using System.Text.RegularExpressions;
using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>
/// Follows what package and version managers put on the search path to the program that it stands for: inside a sandbox there is no manager to ask, and a
/// launcher on Node.js beside a native program costs its start twice.
/// </summary>
internal static partial class AgentShim
{
    private const int LongestScript = 16 << 10;

    /// <summary>Managers that choose the program anew at each start, by their own name in what they put there.</summary>
    private static readonly string[] Choosers = ["volta-shim", "mise", "asdf", "nodenv", "fnm"];

    /// <param name="link">What the search path has.</param>
    /// <param name="chooser">The manager that would choose, where its choice cannot be known.</param>
    public static string Follow(AgentPackage package, string link, out string? chooser)
    {
        var found = RealPath.Of(link) ?? link;
        var followed = Path.GetFileName(found) == "volta-shim" ? OfVolta(package, found, link) : OfWrapper(found, link);
        chooser = followed is null ? Choosers.FirstOrDefault(name => Path.GetFileName(found) == name || IsScriptOf(name, found)) : null;
        return followed ?? found;
    }

    /// <summary>The native program that an npm package brings in a package of its own, wherever the package manager put that; null when there is none.</summary>
    public static string? NativeBeside(AgentPackage package, string launcher)
    {
        var parts = launcher.Split('/');
        var outermost = Array.IndexOf(parts, "node_modules");

        if (package.Node is not null || outermost < 0)
        {
            return null;
        }

        return Enumerable.Range(outermost, parts.Length - outermost).Reverse()
            .Select(depth => Path.Combine(string.Join('/', parts[..depth]), package.Executable))
            .Where(File.Exists).Select(RealPath.Of).FirstOrDefault(native => native is not null && native != launcher);
    }

    // Volta notes which package a program belongs to; its link there is npm's own.
    private static string? OfVolta(AgentPackage package, string shim, string link)
    {
        var home = Path.GetDirectoryName(Path.GetDirectoryName(link))!;

        foreach (var folder in (string[])[home, Path.GetDirectoryName(shim)!, Path.GetDirectoryName(Path.GetDirectoryName(shim)!)!])
        {
            try
            {
                using var note = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tools/user/bins", package.Program + ".json")));

                if (note.RootElement.Text("package") is { } name && PackageTerms.IsName(name))
                {
                    return RealPath.Of(Path.Combine(folder, "tools/image/packages", name, "bin", package.Program));
                }
            }
            catch (Exception none) when (none is IOException or UnauthorizedAccessException or JsonException)
            {
                // Not its home, or a version of it that notes otherwise.
            }
        }

        return null;
    }

    // pnpm writes a script that names the program relative to the script's own folder.
    private static string? OfWrapper(string file, string link) =>
        Script(file) is { } text && BesideScript().Matches(text) is { Count: > 0 } named
        && RealPath.Of(Path.Combine(Path.GetDirectoryName(link)!, named[^1].Groups[1].Value)) is { } program && File.Exists(program)
            ? program
            : null;

    private static bool IsScriptOf(string manager, string file) =>
        Script(file) is { } text && Regex.IsMatch(text, $@"^\s*exec\s+\S*\b{manager}""?\s+exec\b", RegexOptions.Multiline);

    private static string? Script(string file) =>
        new FileInfo(file) is { Exists: true, Length: > 2 and < LongestScript } && File.ReadAllText(file) is ['#', '!', ..] text ? text : null;

    [GeneratedRegex("""
        "\$basedir/([^"$]+\.[cm]?js|[^"$]*/bin/[^"$]+)"
        """)]
    private static partial Regex BesideScript();
}
