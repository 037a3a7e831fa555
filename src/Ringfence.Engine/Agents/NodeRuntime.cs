using System.Globalization;
using Ringfence.Processes;
using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>A Node.js that is new enough: the system's own, or one of ours from the registry beside the agents.</summary>
internal sealed class NodeRuntime(string home, TimeProvider time)
{
    private const string Version = "22.23.3";
    private const int MostBytes = 64 << 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly string Integrity = PackageTerms.ForThisMachine("{cpu}") == "x64"
        ? "sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng=="
        : "sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==";

    /// <summary>Every sandbox sees <c>/usr</c>; a Node.js elsewhere, such as a version manager's, is not looked for.</summary>
    private static readonly string[] SystemPlaces = ["/usr/local/bin/node", "/usr/bin/node"];

    private static string Package => PackageTerms.ForThisMachine("node-linux-{cpu}");

    private static string Executable => PackageTerms.ForThisMachine("node_modules/node-linux-{cpu}/bin/node");

    private string Folder => Path.Combine(home, "agents", "node", Version);

    private static int Ours => int.Parse(Version.Split('.')[0], CultureInfo.InvariantCulture);

    /// <summary>Fails with <c>node_missing</c>, which says what was found instead.</summary>
    public async Task<Result<NodeProgram>> FindAsync(int major, CancellationToken cancellationToken)
    {
        var unusable = new List<string>();

        foreach (var place in SystemPlaces.Where(File.Exists))
        {
            var said = await ProgramFile.AskedAsync(place, () => VersionAsync(place, cancellationToken));
            var found = int.TryParse(said.TrimStart('v').Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

            if (found >= major)
            {
                return new NodeProgram(place, [], null);
            }

            unusable.Add(found > 0 ? $"{place} is version {found}" : $"{place} does not start");
        }

        if (File.Exists(Path.Combine(Folder, Executable)) && major <= Ours)
        {
            const string Inside = SandboxPaths.Ringfence + "/agents/node";
            return new NodeProgram($"{Inside}/{Executable}", [new Mount(Folder, Inside)], Path.GetDirectoryName($"{Inside}/{Executable}"));
        }

        return new Failure(
            "node_missing", $"Node.js {major} or later is needed; {(unusable.Count > 0 ? string.Join(", ", unusable) : "there is none below /usr")}.",
            major <= Ours ? "`ringfence agents install` of the agent brings one; or install it below /usr." : "Install it below /usr.");
    }

    /// <summary>Fetches one unless there is one that will do.</summary>
    public async Task<Result<NodeProgram>> EnsureAsync(int major, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if ((await FindAsync(major, cancellationToken)).Succeeded(out var found))
        {
            return found;
        }

        var fetched = await new AgentInstaller(home, time).FetchAsync("node", Package, Version, Executable, Integrity, progress, cancellationToken);
        return fetched.IsFailure ? Result.Fail<NodeProgram>(fetched.Failures) : await FindAsync(major, cancellationToken);
    }

    private static async Task<string> VersionAsync(string program, CancellationToken cancellationToken)
    {
        var command = new ChildCommand(program, ["--version"], new Dictionary<string, string>());
        return (await ProgramAnswer.AskAsync(command, Patience, MostBytes, cancellationToken)).Succeeded(out var answer) ? answer.Text.Trim() : "";
    }
}

/// <param name="Inside">Path of the program inside the sandbox.</param>
internal sealed record NodeProgram(string Inside, IReadOnlyList<Mount> Mounts, string? SearchPath);
