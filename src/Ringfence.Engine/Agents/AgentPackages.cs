using System.Text.Json;
using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>
/// Agents in Ringfence's own folder, <c>$RINGFENCE_HOME/agents/NAME/VERSION</c>: one folder a version, which nothing writes after its installation.
/// The version that was installed last is the one that runs; without one, what the user's search path finds.
/// </summary>
public sealed class AgentPackages(string home, TimeProvider time)
{
    internal const string RecordFile = "ringfence.json";
    internal const string CurrentFile = "current";

    /// <summary>What runs the launchers of agents that are programs by themselves.</summary>
    private const int LeastNode = 20;

    /// <summary>Where agents are looked for that are not in Ringfence's own folder: folders, separated by colons.</summary>
    public string SearchPath { get; init; } = Environment.GetEnvironmentVariable("PATH") ?? "";

    /// <summary>What to know before trusting a version that nobody tried; null for those of the tested range, and for what is no package.</summary>
    /// <param name="version">What <see cref="FindAsync"/> found.</param>
    public static string? Untested(AgentDescription agent, string? version) => agent.Package is { } package && version is not null && !package.WasTested(version)
        ? $"{agent.Title} {(version.Length > 0 ? version : "of an unknown version")} was not tested, {package.TestedWords()}. Try it: ringfence agents test {agent.Name}"
        : null;

    /// <summary>Whether <paramref name="agent"/> can be started, by looking at its files; null for one that is no package.</summary>
    /// <remarks>Failures: <c>agent_not_installed</c>, <c>agent_broken</c>, <c>agent_is_shim</c>, <c>agent_wrong_machine</c>.</remarks>
    public Result<InstalledAgent?> Check(AgentDescription agent)
    {
        if (agent.Package is not { } package)
        {
            return Foreign(agent) is { } foreign
                ? new Failure("agent_wrong_machine", $"{agent.Command[0]} cannot run here: {foreign}", "Install it for this machine.")
                : (InstalledAgent?)null;
        }

        if (Installed(agent) is not { } installed)
        {
            return new Failure("agent_not_installed", $"{agent.Title} is not installed.", $"Fetch it from its registry: ringfence agents install {package.Agent}");
        }

        if (!File.Exists(installed.Executable))
        {
            return new Failure("agent_broken", $"{agent.Title} {installed.Record.Version} lacks {installed.Executable}.", $"Install it again: ringfence agents install {package.Agent}");
        }

        if (installed.Chooser is { } chooser)
        {
            return new Failure(
                "agent_is_shim", $"{installed.Executable} is no program: it asks {chooser} which one to start, and inside there is nothing to ask.",
                $"Fetch it into Ringfence's own folder: ringfence agents install {package.Agent}");
        }

        return (package.Node is null || installed.OnPath) && ElfMachine.Mismatch(installed.Executable) is { } why
            ? new Failure("agent_wrong_machine", $"{agent.Title} cannot run here: {why}", $"Install it for this machine: ringfence agents install {package.Agent}")
            : installed;
    }

    /// <summary>What runs when <paramref name="agent"/> is started; null for one that is no package.</summary>
    /// <remarks>Failures: those of <see cref="Check"/>, and <c>node_missing</c>.</remarks>
    public async Task<Result<AgentProgram?>> FindAsync(AgentDescription agent, CancellationToken cancellationToken)
    {
        if (!Check(agent).Succeeded(out var installed, out var why))
        {
            return Result.Fail<AgentProgram?>(why);
        }

        if (installed is null)
        {
            return (AgentProgram?)null;
        }

        var inside = SandboxPaths.Ringfence + "/agents/" + agent.Package!.Agent;
        var (version, digest) = (installed.Record.Version, installed.Record.Digest);

        if (installed.OnPath)
        {
            version = version.Length > 0 ? version : await AgentOnPath.VersionAsync(installed.Executable, SearchPath, cancellationToken);
            digest = await ProgramFile.DigestAsync(installed.Executable, cancellationToken);
        }

        var program = new AgentProgram([$"{inside}/{installed.Record.Executable}"], [installed.ShownAt(inside)], version, digest);

        if ((installed.OnPath ? AgentOnPath.NeedsNode(installed.Executable) ? agent.Package.Node ?? LeastNode : null : agent.Package.Node) is not { } node)
        {
            return program;
        }

        return (await new NodeRuntime(home, time).FindAsync(node, cancellationToken)).Succeeded(out var runtime, out why)
            ? program with { Command = [runtime.Inside, .. program.Command], Mounts = [.. program.Mounts, .. runtime.Mounts], SearchPath = runtime.SearchPath }
            : Result.Fail<AgentProgram?>(why);
    }

    /// <summary>The installed version that is in use, else the user's own; null when there is none.</summary>
    public InstalledAgent? Installed(AgentDescription agent)
    {
        if (agent.Package is not { } package)
        {
            return null;
        }

        try
        {
            var folder = Path.Combine(FolderOf(package.Agent), File.ReadAllText(Path.Combine(FolderOf(package.Agent), CurrentFile)).Trim());
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, RecordFile)), AgentJson.Default.InstallationRecord);
            return record is null ? AgentOnPath.Find(package, SearchPath) : new InstalledAgent(folder, record);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException or JsonException)
        {
            return AgentOnPath.Find(package, SearchPath);
        }
    }

    /// <summary>Why a user's own program cannot run. Only below <c>/usr</c> is a file inside known to be the one outside.</summary>
    private static string? Foreign(AgentDescription agent) =>
        agent.Command is [var program, ..] && program.StartsWith("/usr/", StringComparison.Ordinal) && File.Exists(program) ? ElfMachine.Mismatch(program) : null;

    private string FolderOf(string name) => Path.Combine(home, "agents", name);
}
