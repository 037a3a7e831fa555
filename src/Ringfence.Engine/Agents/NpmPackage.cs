using System.Collections;
using System.Text.Json;
using Ringfence.Processes;

namespace Ringfence.Agents;

/// <summary>
/// Installs one package of one exact version through the user's own npm, so that their registry, proxy and certificates count. Scripts of packages
/// are not run: none of the agents needs one, and they would run outside every wall.
/// </summary>
internal static class NpmPackage
{
    /// <summary>The integrity that npm verified the package against.</summary>
    /// <param name="integrity">What it must be; null takes the registry's word.</param>
    public static async Task<Result<string>> InstallAsync(
        string folder, string package, string version, string? integrity, CancellationToken cancellationToken)
    {
        // Without a manifest of its own npm would look for one in the folders above.
        await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"private":true}""", cancellationToken);

        // npm finds its own settings by the user's environment; this is the one program that gets all of it.
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
        var command = new ChildCommand(
            "npm",
            ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", "--save-exact", $"{package}@{version}"],
            environment) { WorkingDirectory = folder };

        if (!ChildProcess.Start(command).Succeeded(out var npm, out _))
        {
            return new Failure("npm_missing", "npm is needed to fetch agents, and it cannot be started.", "Install Node.js with npm, for example: apt-get install npm");
        }

        await using (npm)
        {
            await npm.Output.CopyToAsync(Stream.Null, cancellationToken);
            var end = await npm.WaitAsync(cancellationToken);

            if (end.Code != 0)
            {
                return new Failure("npm_failed", $"npm could not install {package}@{version}: {FirstLines(end.Error)}", "`npm config get registry` says where it looked.");
            }
        }

        var reported = Reported(folder, package);

        if (reported is null || (integrity is not null && reported != integrity))
        {
            return new Failure(
                "integrity_mismatch",
                $"{package}@{version} came with integrity {reported ?? "(none)"}" + (integrity is null ? "." : $", not with {integrity} as when it was tested."),
                "The registry serves other content under this version. Nothing was installed.");
        }

        return reported;
    }

    private static string? Reported(string folder, string package)
    {
        var file = Path.Combine(folder, "node_modules", ".package-lock.json");

        if (!File.Exists(file))
        {
            return null;
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.Field("packages")?.Field("node_modules/" + package)?.Text("integrity");
    }

    private static string FirstLines(string error) => string.Join(
        " ", error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.Contains("A complete log", StringComparison.Ordinal)).Take(4));
}
