namespace Ringfence.Setups;

/// <summary>Files by which package managers decide what to install. A change in one of them, wherever it lies, makes a new layer.</summary>
public static class LockFiles
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", ".npmrc", ".nvmrc",
        "packages.lock.json", "Directory.Packages.props", "Directory.Build.props", "global.json", "nuget.config", "NuGet.config", "NuGet.Config", "dotnet-tools.json", "paket.lock",
        "pyproject.toml", "poetry.lock", "uv.lock", "Pipfile.lock", "pdm.lock", "setup.py", "setup.cfg", "environment.yml", ".python-version",
        "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "go.mod", "go.sum", "go.work.sum", "Gemfile", "Gemfile.lock", ".ruby-version", "composer.json", "composer.lock", "mix.lock",
        "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.lockfile", "libs.versions.toml", "Package.resolved", "pubspec.lock",
    };

    /// <param name="path">From the root of the repository, with slashes.</param>
    public static bool IsOne(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return Names.Contains(name)
            || name.EndsWith(".csproj", StringComparison.Ordinal) || name.EndsWith(".fsproj", StringComparison.Ordinal)
            || (name.StartsWith("requirements", StringComparison.Ordinal) && name.EndsWith(".txt", StringComparison.Ordinal));
    }
}
