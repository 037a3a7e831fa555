using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ringfence.Review;

/// <summary>
/// Reads what a package manifest asks for. Good for finding what is new between two versions of a file, not for building it: what a manifest
/// computes by itself is not seen. An agent writes the text: no pattern here may begin at many places and run far from each of them.
/// </summary>
internal static partial class DependencyManifest
{
    private static readonly string[] JsonSections =
        ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "bundledDependencies", "overrides", "resolutions", "require", "require-dev", "imports"];

    public static bool Reads(string name) => ReaderOf(name) is not null;

    /// <summary>Names with versions, as written; nothing for a text that is missing or cannot be read.</summary>
    public static IEnumerable<(string Name, string Version)> Read(string name, string? text) =>
        text is null || ReaderOf(name) is not { } reader ? [] : reader(text);

    /// <summary>An address, a folder or a repository instead of a version of a registry.</summary>
    public static bool IsUnusualSource(string version) => UnusualSource().IsMatch(version);

    private static Func<string, IEnumerable<(string, string)>>? ReaderOf(string name) => name.ToUpperInvariant() switch
    {
        "PACKAGE.JSON" or "COMPOSER.JSON" or "DENO.JSON" => Json,
        "GO.MOD" => text => Lines(text, GoRequire()),
        "CARGO.TOML" => text => Sections(text, CargoSection(), TomlEntry()),
        "PYPROJECT.TOML" => text => [.. Sections(text, PoetrySection(), TomlEntry()), .. Lines(TomlLists(text), QuotedRequirement())],
        "PIPFILE" => text => Sections(text, PipfileSection(), TomlEntry()),
        "GEMFILE" => text => Lines(text, Gem()),
        "POM.XML" => text => Lines(text, MavenDependency()),
        "SETUP.PY" or "SETUP.CFG" => text => Lines(text, SetupRequirement()),
        "PACKAGES.CONFIG" => text => Lines(text, PackagesConfig()),
        _ when Requirements().IsMatch(name) => text => Lines(text, Requirement()),
        _ when name.EndsWith("proj", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".props", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".targets", StringComparison.OrdinalIgnoreCase) =>
            text => Lines(text, PackageReference()),
        _ when name.EndsWith(".gradle", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".gradle.kts", StringComparison.OrdinalIgnoreCase) => text => Lines(text, Gradle()),
        _ => null,
    };

    private static IEnumerable<(string, string)> Json(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });

            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return [];
            }

            return [.. JsonSections
                .Select(s => document.RootElement.TryGetProperty(s, out var section) ? section : default)
                .Where(s => s.ValueKind == JsonValueKind.Object)
                .SelectMany(s => s.EnumerateObject())
                .Select(d => (d.Name, d.Value.ValueKind == JsonValueKind.String ? d.Value.GetString()! : d.Value.GetRawText()))];
        }
        catch (JsonException)
        {
            return []; // no package manager reads it either
        }
    }

    private static IEnumerable<(string, string)> Lines(string text, Regex pattern) =>
        pattern.Matches(text).Select(m => (m.Groups["name"].Value, m.Groups["version"].Value.Trim()));

    private static IEnumerable<(string, string)> Sections(string text, Regex header, Regex entry)
    {
        var inside = false;

        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith('['))
            {
                inside = header.IsMatch(line);
            }
            else if (inside && entry.Match(line) is { Success: true } match)
            {
                yield return (match.Groups["name"].Value, match.Groups["version"].Value.Trim());
            }
        }
    }

    // The lists of a file, whatever they are lists of: "name = [" until a line that ends them.
    private static string TomlLists(string text)
    {
        var lists = new StringBuilder();
        var inside = false;

        foreach (var line in text.Split('\n'))
        {
            inside |= TomlListStart().IsMatch(line);

            if (inside)
            {
                lists.AppendLine(line);
                inside = !line.Split('#')[0].TrimEnd().TrimEnd(',').EndsWith(']');
            }
        }

        return lists.ToString();
    }

    [GeneratedRegex(@"^(?:requirements|constraints)[^/]*\.(?:txt|in)$", RegexOptions.IgnoreCase)]
    private static partial Regex Requirements();

    [GeneratedRegex(@"<(?:PackageReference|PackageVersion|GlobalPackageReference|DotNetCliToolReference)\s[^<>]{0,500}?(?:Include|Update)\s{0,20}=\s{0,20}""(?<name>[^""<>]{1,200})""(?:[^<>]{0,500}?\sVersion\s{0,20}=\s{0,20}""(?<version>[^""<>]{0,200})"")?", RegexOptions.IgnoreCase)]
    private static partial Regex PackageReference();

    [GeneratedRegex(@"<package\s[^<>]{0,300}?id\s{0,20}=\s{0,20}""(?<name>[^""<>]{1,200})""[^<>]{0,300}?version\s{0,20}=\s{0,20}""(?<version>[^""<>]{0,200})""", RegexOptions.IgnoreCase)]
    private static partial Regex PackagesConfig();

    [GeneratedRegex(@"^[ \t]{0,40}(?:require[ \t]{1,20})?(?<name>[a-z0-9.-]{1,100}\.[a-z]{2,20}/\S{1,300})[ \t]{1,20}(?<version>v\S{1,100})|^[ \t]{0,40}(?:replace[ \t]{1,20})?(?<name>\S{1,300})(?:[ \t]{1,20}v\S{1,100})?[ \t]{1,20}=>[ \t]{1,20}(?<version>[^\n]{1,400})$", RegexOptions.Multiline)]
    private static partial Regex GoRequire();

    [GeneratedRegex(@"^\[(?:target\..*\.)?(?:workspace\.)?(?:dev-|build-)?dependencies\]")]
    private static partial Regex CargoSection();

    [GeneratedRegex(@"^\[tool\.poetry\.(?:group\.[^.\]]+\.)?(?:dev-)?dependencies\]")]
    private static partial Regex PoetrySection();

    [GeneratedRegex(@"^\[(?:dev-)?packages\]")]
    private static partial Regex PipfileSection();

    [GeneratedRegex(@"^[ \t]*""?(?<name>[A-Za-z0-9_.-]+)""?[ \t]*=(?<version>.+)$")]
    private static partial Regex TomlEntry();

    [GeneratedRegex(@"^[ \t]*""?[A-Za-z0-9_.-]+""?[ \t]*=[ \t]*\[")]
    private static partial Regex TomlListStart();

    [GeneratedRegex(@"[""\'](?<name>[A-Za-z0-9][A-Za-z0-9_.-]{0,200})(?:\[[^\]""\'\n]{0,200}\])?[ \t]{0,20}(?<version>(?:[<>=!~@][^""\'\n]{0,400})?)[""\']")]
    private static partial Regex QuotedRequirement();

    [GeneratedRegex(@"^[ \t]*(?<name>[A-Za-z0-9][A-Za-z0-9_.-]*)(?:\[[^\]\n]*\])?[ \t]*(?<version>(?:[<>=!~@][^\n#;]*)?)|^[ \t]*(?<name>-e|--editable|--extra-index-url|--index-url|-i|--find-links|-f)[ =](?<version>\S+)", RegexOptions.Multiline)]
    private static partial Regex Requirement();

    [GeneratedRegex(@"^[ \t]*gem[ \t]+[\'""](?<name>[^\'""\n]+)[\'""](?:[ \t]*,[ \t]*(?<version>[^\n]+))?", RegexOptions.Multiline)]
    private static partial Regex Gem();

    [GeneratedRegex(@"<(?:dependency|plugin|extension|parent)>\s*(?:<groupId>[^<]*</groupId>\s*)?<artifactId>(?<name>[^<]+)</artifactId>(?:\s*<version>(?<version>[^<]*)</version>)?")]
    private static partial Regex MavenDependency();

    [GeneratedRegex(@"[""\'](?<name>[A-Za-z0-9][A-Za-z0-9_.-]{0,200})[ \t]{0,20}(?<version>[<>=!~]=?[^""\'\n]{1,400})[""\']|^[ \t]{4,}(?<name>[A-Za-z0-9][A-Za-z0-9_.-]*)[ \t]*(?<version>[<>=!~]=[^\n]*)$", RegexOptions.Multiline)]
    private static partial Regex SetupRequirement();

    [GeneratedRegex(@"\b(?:implementation|api|compileOnly|runtimeOnly|testImplementation|testRuntimeOnly|annotationProcessor|kapt|ksp|classpath|id)\b\s{0,50}\(?\s{0,50}(?:platform\()?[\'""](?<name>[^\'"":\n]{1,200}(?::[^\'"":\n]{1,200})?)(?::(?<version>[^\'""\n]{1,200}))?[\'""]")]
    private static partial Regex Gradle();

    [GeneratedRegex(@"^(?:git\+|git:|https?:|ssh:|file:|link:|portal:|github:|gitlab:|bitbucket:|@\s*(?:git|https?)|\.{1,2}/|/)|\bgit\s*=|\bpath\s*=|\burl\s*=|^[\w.-]+/[\w.-]+(?:#|$)", RegexOptions.IgnoreCase)]
    private static partial Regex UnusualSource();
}
