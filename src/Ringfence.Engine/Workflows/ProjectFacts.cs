using System.Text.RegularExpressions;

namespace Ringfence.Workflows;

/// <summary>What a repository's own files say about how it is tested and where its packages come from.</summary>
/// <param name="Check">The command that runs its tests; null when no file tells.</param>
/// <param name="Ecosystems">Names of network presets, for what its tests have to fetch.</param>
public sealed partial record ProjectFacts(string? Check, IReadOnlyList<string> Ecosystems)
{
    // A script or make target of the repository's own knows better than the tool's usual command, so it comes first.
    private static readonly (string Files, string? Preset, string Check)[] Signs =
    [
        ("test.sh", null, "./test.sh"),
        ("*.slnx;*.sln;*.csproj", "nuget", "dotnet test"),
        ("package.json", "npm", "npm ci && npm test"),
        ("go.mod", "go", "go test ./..."),
        ("Cargo.toml", "cargo", "cargo test"),
        ("pom.xml", "maven", "mvn --batch-mode test"),
        ("pyproject.toml;setup.py;requirements.txt", "pip", "python3 -m pytest"),
    ];

    public static ProjectFacts Of(string folder)
    {
        var signs = Signs.Where(sign => sign.Files.Split(';').Any(pattern => Directory.EnumerateFiles(folder, pattern).Any())).ToList();
        var makefile = Path.Combine(folder, "Makefile");

        return new ProjectFacts(
            File.Exists(makefile) && TestTarget().IsMatch(File.ReadAllText(makefile)) ? "make test" : signs.Count > 0 ? signs[0].Check : null,
            [.. signs.Select(sign => sign.Preset).OfType<string>()]);
    }

    [GeneratedRegex(@"^test\s*:(?!=)", RegexOptions.Multiline)]
    private static partial Regex TestTarget();
}
