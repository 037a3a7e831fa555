using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>Puts agents into Ringfence's own folder. A version's folder comes there in one step and is never written again.</summary>
public sealed class AgentInstaller(string home, TimeProvider time)
{
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

        if (!PackageTerms.IsVersion(version))
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
            File.WriteAllText(Path.Combine(FolderOf(package.Agent), AgentPackages.CurrentFile + ".new"), version + "\n");
            File.Move(Path.Combine(FolderOf(package.Agent), AgentPackages.CurrentFile + ".new"), Path.Combine(FolderOf(package.Agent), AgentPackages.CurrentFile), overwrite: true);
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

            var record = new InstallationRecord(package, version, executable, await ProgramFile.DigestAsync(file, cancellationToken), reported, time.GetUtcNow());
            await File.WriteAllBytesAsync(Path.Combine(staging, AgentPackages.RecordFile), JsonSerializer.SerializeToUtf8Bytes(record, AgentJson.Default.InstallationRecord), cancellationToken);

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

    private static InstalledAgent? Intact(string folder, string executable)
    {
        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, AgentPackages.RecordFile)), AgentJson.Default.InstallationRecord);
            return record is not null && File.Exists(Path.Combine(folder, executable)) ? new InstalledAgent(folder, record) : null;
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private string FolderOf(string name) => Path.Combine(home, "agents", name);
}
