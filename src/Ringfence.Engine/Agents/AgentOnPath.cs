using System.Text;
using System.Text.Json;
using Ringfence.Processes;

namespace Ringfence.Agents;

/// <summary>
/// An agent that the user installed in their own way, by their search path. Only absolute folders count: a repository must not bring the agent.
/// </summary>
internal static class AgentOnPath
{
    private const int MostBytes = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="searchPath">Folders, separated by colons.</param>
    public static InstalledAgent? Find(AgentPackage package, string searchPath)
    {
        foreach (var folder in searchPath.Split(':').Where(Path.IsPathRooted))
        {
            var link = Path.Combine(folder, package.Program);

            if (File.Exists(link) && File.GetUnixFileMode(link).HasFlag(UnixFileMode.UserExecute))
            {
                var program = AgentShim.Follow(package, link, out var chooser);
                return AgentShim.NativeBeside(package, program) is { } native
                    ? Describe(package, native, VersionIn(PackageAround(program)!))
                    : Describe(package, program, null) with { Chooser = chooser };
            }
        }

        return null;
    }

    /// <summary>What it says of itself; empty when it says nothing of that kind. This starts it outside, as its user does.</summary>
    public static Task<string> VersionAsync(string executable, string searchPath, CancellationToken cancellationToken) =>
        ProgramFile.AskedAsync(executable, () => AskVersionAsync(executable, searchPath, cancellationToken));

    private static async Task<string> AskVersionAsync(string executable, string searchPath, CancellationToken cancellationToken)
    {
        var command = new ChildCommand(executable, ["--version"], new Dictionary<string, string> { ["PATH"] = searchPath });
        var said = (await ProgramAnswer.AskAsync(command, Patience, MostBytes, cancellationToken)).Succeeded(out var answer) ? answer.Text : "";
        return said.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => word.TrimStart('v')).FirstOrDefault(PackageTerms.IsVersion) ?? "";
    }

    /// <summary>Whether Node.js starts it, by its first line.</summary>
    public static bool NeedsNode(string executable)
    {
        using var reader = new StreamReader(executable, Encoding.Latin1);
        var line = new char[128];
        var first = new string(line, 0, reader.ReadBlock(line)).Split('\n')[0];
        return first.StartsWith("#!", StringComparison.Ordinal) && first.Contains("node", StringComparison.Ordinal);
    }

    /// <summary>
    /// A file of an npm package needs the package around it, one of pnpm's the store around that. Any other is shown to the sandbox alone: what lies beside it
    /// may be the user's whole home.
    /// </summary>
    /// <param name="version">Of the package that brought it, where that is another.</param>
    private static InstalledAgent Describe(AgentPackage package, string executable, string? version)
    {
        var around = PackageAround(executable);
        var store = version is null && executable.IndexOf("/.pnpm/", StringComparison.Ordinal) is var at and >= 0 ? executable[..(at + "/.pnpm".Length)] : null;
        var folder = store ?? around ?? Path.GetDirectoryName(executable)!;
        version ??= around is null ? "" : VersionIn(around) ?? "";
        var record = new InstallationRecord(package.Name, version, Path.GetRelativePath(folder, executable), "", "", File.GetLastWriteTimeUtc(executable));
        return new InstalledAgent(folder, record) { OnPath = true, Alone = around is null };
    }

    /// <summary>The folder of the npm package that a file belongs to; null for none.</summary>
    private static string? PackageAround(string file)
    {
        var parts = file.Split('/');
        var modules = Array.LastIndexOf(parts, "node_modules");
        var depth = modules < 0 || modules + 2 >= parts.Length ? 0 : modules + (parts[modules + 1].StartsWith('@') ? 3 : 2);
        return depth == 0 || depth >= parts.Length ? null : string.Join('/', parts[..depth]);
    }

    private static string? VersionIn(string package)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(package, "package.json")));
            return document.RootElement.Text("version");
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
