namespace Ringfence.Review;

/// <summary><c>dependency_added</c>, <c>dependency_source</c>, <c>lock_file</c>: other people's code that a change brings in.</summary>
internal static class DependencyGate
{
    private static readonly string[] LockFiles =
    [
        "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "packages.lock.json", "poetry.lock", "uv.lock", "Pipfile.lock",
        "go.sum", "Cargo.lock", "Gemfile.lock", "composer.lock", "gradle.lockfile",
    ];

    public static IEnumerable<Finding> Review(ReviewRules rules, IReadOnlyList<ReviewFile> files)
    {
        var manifests = false;

        foreach (var file in files.Where(f => !f.IsLink))
        {
            if (DependencyManifest.Reads(file.Name))
            {
                manifests = true;

                // Per name: a new version of what was there already is not a new dependency, but is shown.
                var before = DependencyManifest.Read(file.Name, file.Before).ToLookup(d => d.Name, d => d.Version, StringComparer.OrdinalIgnoreCase);

                foreach (var (name, version) in DependencyManifest.Read(file.Name, file.After).Distinct())
                {
                    if (!before.Contains(name))
                    {
                        yield return file.At("dependency_added", rules.Dependencies, $"{name} {version}".TrimEnd());
                    }
                    else if (!before[name].Contains(version))
                    {
                        var unusual = DependencyManifest.IsUnusualSource(version);
                        yield return file.At(unusual ? "dependency_source" : "dependency_changed", unusual ? Harder(rules.Dependencies) : FindingSeverity.Note, $"{name} {before[name].First()} → {version}");
                    }
                    else
                    {
                        continue;
                    }

                    if (!before.Contains(name) && DependencyManifest.IsUnusualSource(version))
                    {
                        yield return file.At("dependency_source", Harder(rules.Dependencies), $"{name} from {version}");
                    }
                }
            }
        }

        foreach (var file in files.Where(f => !manifests && LockFiles.Contains(f.Name, StringComparer.OrdinalIgnoreCase)))
        {
            yield return file.At("lock_file", Harder(rules.Dependencies), "changed without the file that it locks");
        }
    }

    private static FindingSeverity Harder(FindingSeverity severity) => severity == FindingSeverity.Note ? FindingSeverity.Ask : severity;
}
