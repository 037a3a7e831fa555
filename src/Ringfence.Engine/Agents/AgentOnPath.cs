using System.Text;
using System.Text.Json;
using Ringfence.Processes;

namespace Ringfence.Agents;

/// <summary>
/// An agent that the user installed in their own way, by their search path. Only absolute folders count: a repository must not bring the agent.
/// </summary>
internal static class AgentOnPath
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="searchPath">Folders, separated by colons.</param>
    public static InstalledAgent? Find(AgentPackage package, string searchPath)
    {
        foreach (var folder in searchPath.Split(':').Where(Path.IsPathRooted))
        {
            var link = Path.Combine(folder, package.Program);

            if (File.Exists(link) && File.GetUnixFileMode(link).HasFlag(UnixFileMode.UserExecute))
            {
                return Describe(package, File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link);
            }
        }

        return null;
    }

    /// <summary>What it says of itself; empty when it says nothing of that kind. This starts it outside, as its user does.</summary>
    public static Task<string> VersionAsync(string executable, string searchPath, CancellationToken cancellationToken) =>
        ProgramFile.AskedAsync(executable, () => AskVersionAsync(executable, searchPath, cancellationToken));

    private static async Task<string> AskVersionAsync(string executable, string searchPath, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(Patience);

        if (!ChildProcess.Start(new ChildCommand(executable, ["--version"], new Dictionary<string, string> { ["PATH"] = searchPath })).Succeeded(out var program))
        {
            return "";
        }

        await using (program)
        {
            try
            {
                using var reader = new StreamReader(program.Output, Encoding.UTF8);
                var words = (await reader.ReadToEndAsync(bounded.Token)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                await program.WaitAsync(bounded.Token);
                return words.Select(word => word.TrimStart('v')).FirstOrDefault(PackageTerms.IsVersion) ?? "";
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return "";
            }
        }
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
    /// A file of an npm package needs the package around it. Any other is shown to the sandbox alone: what lies beside it may be the user's whole home.
    /// </summary>
    private static InstalledAgent Describe(AgentPackage package, string executable)
    {
        var parts = executable.Split('/');
        var modules = Array.IndexOf(parts, "node_modules");
        var depth = modules < 0 || modules + 2 >= parts.Length ? 0 : modules + (parts[modules + 1].StartsWith('@') ? 3 : 2);
        var alone = depth == 0 || depth >= parts.Length;
        var folder = alone ? Path.GetDirectoryName(executable)! : string.Join('/', parts[..depth]);
        var version = alone ? "" : VersionIn(Path.Combine(folder, "package.json")) ?? "";
        var record = new InstallationRecord(package.Name, version, Path.GetRelativePath(folder, executable), "", "", File.GetLastWriteTimeUtc(executable));
        return new InstalledAgent(folder, record) { OnPath = true, Alone = alone };
    }

    private static string? VersionIn(string manifest)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(manifest));
            return document.RootElement.Text("version");
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
