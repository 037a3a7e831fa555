using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ringfence.Review;

/// <summary><c>auto_executing</c>: files that run by themselves when a person opens, builds, installs or merely enters the repository.</summary>
internal static partial class AutoExecutionGate
{
    private static readonly (string What, PathGlob Glob)[] Paths =
    [
        .. ProtectedPathGate.Of("runs when the folder is opened in an editor", ".vscode/{tasks,settings,launch,extensions,mcp}.json", "*.code-workspace", ".idea/**", ".devcontainer/**",
            ".devcontainer.json", ".vs/**", ".zed/**", ".nvimrc", ".exrc", ".nvim.lua", ".vimrc"),
        .. ProtectedPathGate.Of("runs when the folder is entered in a shell", ".envrc", "mise.toml", ".mise.toml", ".tool-versions", ".autoenv*", ".env"),
        .. ProtectedPathGate.Of("runs in every build", "Directory.Build.{props,targets,rsp}", "Directory.Solution.{props,targets}", "Directory.Packages.props", "MSBuild.rsp", "*.csproj.user",
            "build.rs", ".cargo/**", "*.gradle", "*.gradle.kts", "gradle/wrapper/**", "gradlew*", ".mvn/**", "mvnw*", ".bazelrc", "CMakePresets.json"),
        .. ProtectedPathGate.Of("decides where packages come from", "NuGet.config", ".npmrc", ".yarnrc*", ".yarn/**", ".pnpmfile.cjs", "pnpm-workspace.yaml", "pip.conf", ".pypirc", "bunfig.toml", "global.json"),
        .. ProtectedPathGate.Of("runs when it is installed or tested", "setup.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "*.pth", "noxfile.py", "tox.ini", "binding.gyp", ".eslintrc.{js,cjs}",
            "jest.config.*", "vitest.config.*", "vite.config.*", "webpack.config.*", "babel.config.*", ".babelrc*"),
    ];

    private static readonly string[] InstallScripts = ["preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare", "postprepare", "dependencies"];

    public static IEnumerable<Finding> Review(IReadOnlyList<ReviewFile> files)
    {
        foreach (var file in files.Where(f => !f.IsDeleted))
        {
            foreach (var (what, _) in Paths.Where(p => p.Glob.Matches(file.Path)))
            {
                yield return file.At("auto_executing", FindingSeverity.Ask, what);
            }

            if (file.Name == "package.json")
            {
                var before = Scripts(file.Before);

                foreach (var (name, command) in Scripts(file.After).Where(s => before.GetValueOrDefault(s.Key) != s.Value))
                {
                    yield return file.At("auto_executing", FindingSeverity.Ask, $"script {name} runs when it is installed: {command}");
                }
            }

            if (file.Path.EndsWith("proj", StringComparison.OrdinalIgnoreCase) || file.Path.EndsWith(".targets", StringComparison.OrdinalIgnoreCase) || file.Path.EndsWith(".props", StringComparison.OrdinalIgnoreCase))
            {
                foreach (var line in file.Added.Where(l => BuildCommand().IsMatch(l.Text)))
                {
                    yield return file.At("auto_executing", FindingSeverity.Ask, $"runs in every build: {line.Text.Trim()}", line.Number);
                }
            }
        }
    }

    private static Dictionary<string, string> Scripts(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "{}");

            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("scripts", out var scripts) && scripts.ValueKind == JsonValueKind.Object
                ? scripts.EnumerateObject().Where(s => InstallScripts.Contains(s.Name)).GroupBy(s => s.Name).ToDictionary(s => s.Key, s => s.Last().Value.ToString())
                : [];
        }
        catch (JsonException)
        {
            return []; // no package manager reads it either
        }
    }

    [GeneratedRegex("<(?:Exec|UsingTask|Import|Code|PreBuildEvent|PostBuildEvent|RunCommand)\\b", RegexOptions.IgnoreCase)]
    private static partial Regex BuildCommand();
}
