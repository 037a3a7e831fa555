using System.Runtime.InteropServices;
using System.Security.Cryptography;
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
    private const string CurrentFile = "current";

    /// <summary>What runs the launchers of agents that are programs by themselves.</summary>
    private const int LeastNode = 20;

    /// <summary>Where agents are looked for that are not in Ringfence's own folder: folders, separated by colons.</summary>
    public string SearchPath { get; init; } = Environment.GetEnvironmentVariable("PATH") ?? "";

    /// <summary>What to know before trusting a version that nobody tried; null for the tested one, and for what is no package.</summary>
    /// <param name="version">What <see cref="FindAsync"/> found.</param>
    public static string? Untested(AgentDescription agent, string? version) => agent.Package is { } package && version is not null && version != package.Version
        ? $"{agent.Title} {(version.Length > 0 ? version : "of an unknown version")} was not tested, {package.Version} was. Try it: ringfence agents test {agent.Name}"
        : null;

    /// <summary>Whether <paramref name="agent"/> can be started, by looking at its files; null for one that is no package.</summary>
    /// <remarks>Failures: <c>agent_not_installed</c>, <c>agent_broken</c>, <c>agent_wrong_machine</c>.</remarks>
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
            digest = await DigestAsync(installed.Executable, cancellationToken);
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

    /// <summary>
    /// Fetches an agent from its registry by the user's own npm, without running any script of the package, and puts it in its place in one step.
    /// An installation of the same version is replaced only when it is broken.
    /// </summary>
    /// <param name="version">Exact; null is the version that was tested.</param>
    /// <param name="progress">Told in words for people.</param>
    /// <remarks>Failures: <c>agent_has_no_package</c>, <c>bad_version</c>, <c>npm_missing</c>, <c>npm_failed</c>, <c>integrity_mismatch</c>, <c>agent_broken</c>.</remarks>
    public async Task<Result<InstalledAgent>> InstallAsync(
        AgentDescription agent, string? version, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (agent.Package is not { } package)
        {
            return new Failure("agent_has_no_package", $"{agent.Title} is not a package of a registry.", "Install it as its makers say, and name it in `command`.");
        }

        version ??= package.Version;

        if (!IsVersion(version))
        {
            return new Failure("bad_version", $"'{Printable.Escape(version)}' is not one exact version.", $"Such as {package.Agent}@{package.Version}.");
        }

        if (package.Node is { } node && !(await new NodeRuntime(home, time).EnsureAsync(node, progress, cancellationToken)).Succeeded(out _, out var why))
        {
            return Result.Fail<InstalledAgent>(why);
        }

        var pinned = version == package.Version ? package.Integrity : null;
        var fetched = await FetchAsync(package.Agent, package.Name, version, package.Executable, pinned, progress, cancellationToken);

        if (fetched.Succeeded(out var installed))
        {
            File.WriteAllText(Path.Combine(FolderOf(package.Agent), CurrentFile + ".new"), version + "\n");
            File.Move(Path.Combine(FolderOf(package.Agent), CurrentFile + ".new"), Path.Combine(FolderOf(package.Agent), CurrentFile), overwrite: true);
        }

        return fetched;
    }

    internal async Task<Result<InstalledAgent>> FetchAsync(
        string name, string package, string version, string executable, string? integrity, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var target = Path.Combine(FolderOf(name), version);

        if (Intact(target, executable) is { } already)
        {
            progress?.Report($"{name} {version} is there already.");
            return already;
        }

        var staging = Path.Combine(FolderOf(name), $".{version}.{Environment.ProcessId}");

        try
        {
            Directory.CreateDirectory(staging);
            progress?.Report($"Fetching {package}@{version} by npm.");

            if (!(await NpmPackage.InstallAsync(staging, package, version, integrity, cancellationToken)).Succeeded(out var reported, out var why))
            {
                return Result.Fail<InstalledAgent>(why);
            }

            var file = Path.Combine(staging, executable);

            if (!File.Exists(file))
            {
                return new Failure("agent_broken", $"{package}@{version} has no {executable}.", "Is there a build for this machine? The description's `executable` may not fit this version.");
            }

            var record = new InstallationRecord(package, version, executable, await DigestAsync(file, cancellationToken), reported, time.GetUtcNow());
            await File.WriteAllBytesAsync(Path.Combine(staging, RecordFile), JsonSerializer.SerializeToUtf8Bytes(record, AgentJson.Default.InstallationRecord), cancellationToken);

            if (Directory.Exists(target))
            {
                Directory.Delete(target, recursive: true);
            }

            Directory.Move(staging, target);
            return new InstalledAgent(target, record);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return new Failure("agent_unwritable", $"{name} cannot be installed below {home}: {unwritable.Message}");
        }
        finally
        {
            if (Directory.Exists(staging))
            {
                Directory.Delete(staging, recursive: true);
            }
        }
    }

    internal static bool IsVersion(string text) =>
        text.Length is > 0 and < 64 && char.IsAsciiDigit(text[0]) && text.Count(c => c == '.') >= 2
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+') && !text.Contains("..", StringComparison.Ordinal);

    /// <summary>A package's name, with its scope: nothing that npm would take for a path, a URL or a flag.</summary>
    internal static bool IsName(string text) =>
        text.Length < 200 && text.TrimStart('@').Split('/') is { Length: 1 or 2 } parts && (parts.Length == 2) == text.StartsWith('@')
        && parts.All(part => part.Length > 0 && char.IsAsciiLetterOrDigit(part[0]) && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'));

    internal static string ForThisMachine(string path)
    {
        var arm = RuntimeInformation.OSArchitecture == Architecture.Arm64;
        return path.Replace("{cpu}", arm ? "arm64" : "x64", StringComparison.Ordinal).Replace("{machine}", arm ? "aarch64" : "x86_64", StringComparison.Ordinal);
    }

    /// <summary>Why a user's own program cannot run. Only below <c>/usr</c> is a file inside known to be the one outside.</summary>
    private static string? Foreign(AgentDescription agent) =>
        agent.Command is [var program, ..] && program.StartsWith("/usr/", StringComparison.Ordinal) && File.Exists(program) ? ElfMachine.Mismatch(program) : null;

    private static InstalledAgent? Intact(string folder, string executable)
    {
        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, RecordFile)), AgentJson.Default.InstallationRecord);
            return record is not null && File.Exists(Path.Combine(folder, executable)) ? new InstalledAgent(folder, record) : null;
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static async Task<string> DigestAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    private string FolderOf(string name) => Path.Combine(home, "agents", name);
}

/// <summary>An agent's package as it lies on this machine.</summary>
public sealed record InstalledAgent(string Folder, InstallationRecord Record)
{
    public string Executable => Path.Combine(Folder, Record.Executable);

    /// <summary>The user's own, by their search path. Its record has no digest, and may have no version.</summary>
    public bool OnPath { get; init; }

    /// <summary>Nothing but the executable belongs to it.</summary>
    public bool Alone { get; init; }

    internal Mount ShownAt(string inside) => Alone ? new Mount(Executable, $"{inside}/{Record.Executable}") : new Mount(Folder, inside);
}

/// <summary>What was installed, kept beside it. Scripts read it: add, never rename.</summary>
/// <param name="Executable">Path below the folder.</param>
/// <param name="Digest">SHA-256 of the executable, lower-case hex.</param>
/// <param name="Integrity">What npm verified the package against.</param>
public sealed record InstallationRecord(string Package, string Version, string Executable, string Digest, string Integrity, DateTimeOffset InstalledAt);

/// <summary>How an installed agent is started inside a sandbox.</summary>
/// <param name="Command">Interpreter, where one is needed, and program.</param>
/// <param name="Digest">SHA-256 of the program.</param>
public sealed record AgentProgram(IReadOnlyList<string> Command, IReadOnlyList<Mount> Mounts, string Version, string Digest)
{
    /// <summary>A folder inside that comes first in the search path, so that what the agent starts finds the same interpreter.</summary>
    public string? SearchPath { get; init; }
}
