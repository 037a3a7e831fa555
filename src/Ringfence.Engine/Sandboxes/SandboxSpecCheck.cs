using System.Text;

namespace Ringfence.Sandboxes;

/// <summary>
/// What a spec asks for is possible, and none of its mounts would open the host. Every fault is told at once. The result names what symbolic
/// links lead to, so that what was checked is what is mounted.
/// </summary>
internal static class SandboxSpecCheck
{
    // Kernel views, devices and sockets of the host, and folders that hold other people's files.
    private static readonly string[] NeverShown =
        ["/", "/proc", "/sys", "/dev", "/run", "/var/run", "/var", "/var/lib", "/etc", "/boot", "/home", "/root", "/tmp", "/var/tmp", "/mnt", "/media", "/srv"];

    private static readonly string[] NeverShownBelow = ["/proc", "/sys", "/dev", "/run", "/var/run", "/etc/ssh", "/etc/shadow", "/boot"];

    private static readonly string[] OursInside = ["/proc", "/dev", "/sys", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", SandboxPaths.Workspace];

    public static Result<SandboxSpec> Check(SandboxSpec spec, string scratchDirectory)
    {
        var faults = new List<Failure>();

        CheckCommand(spec, faults);
        CheckFiles(spec.Files, faults);
        CheckLimits(spec, faults);
        var mounts = spec.Mounts.Select(m => CheckMount(m, spec.Workspace, scratchDirectory, faults)).ToList();
        var workspace = spec.Workspace is { } asked ? CheckWorkspace(asked, faults) : null;

        return faults.Count > 0 ? Result.Fail<SandboxSpec>(faults) : spec with { Mounts = mounts, Workspace = workspace };
    }

    private static void CheckCommand(SandboxSpec spec, List<Failure> faults)
    {
        if (spec.Command.Count == 0 || spec.Command[0].Length == 0)
        {
            Add(faults, "The command is empty.", "Name an executable.");
        }

        if (spec.Command.Concat(spec.Environment.Keys).Concat(spec.Environment.Values).Append(spec.WorkingDirectory).Any(s => s.Contains('\0')))
        {
            Add(faults, "The command, its folder or its environment holds a NUL character.");
        }

        foreach (var key in spec.Environment.Keys.Where(k => k.Length == 0 || k.Contains('=')))
        {
            Add(faults, $"The environment variable '{key}' has no possible name.");
        }

        if (!IsPlain(spec.WorkingDirectory))
        {
            Add(faults, $"The working directory '{spec.WorkingDirectory}' is not an absolute path inside the sandbox.");
        }
    }

    private static void CheckFiles(IReadOnlyList<SandboxFile> files, List<Failure> faults)
    {
        foreach (var file in files)
        {
            if (!IsPlain(file.Target) || file.Target == "/" || IsBelow(file.Target, "/proc") || IsBelow(file.Target, "/dev"))
            {
                Add(faults, $"The file '{file.Target}' cannot be placed there.");
            }

            if ((file.Mode & ~0x1FF) != 0)
            {
                Add(faults, $"The file '{file.Target}' asks for mode {Convert.ToString(file.Mode, 8)}.", "Set-id and sticky bits are not given.");
            }
        }
    }

    private static void CheckLimits(SandboxSpec spec, List<Failure> faults)
    {
        var limits = spec.Limits;

        void AtLeast(string name, long value, long least)
        {
            if (value < least)
            {
                Add(faults, $"The limit {name} is {value}; it cannot be below {least}.");
            }
        }

        AtLeast("MemoryBytes", limits.MemoryBytes, 16L << 20);
        AtLeast("Processes", limits.Processes, 2);
        AtLeast("MilliCores", limits.MilliCores, 0);
        AtLeast("DiskBytes", limits.DiskBytes, 1L << 20);
        AtLeast("DiskInodes", limits.DiskInodes, 64);
        AtLeast("TemporaryBytes", limits.TemporaryBytes, 1L << 20);
        AtLeast("OpenFiles", limits.OpenFiles, 32);
        AtLeast("OutputBytes", limits.OutputBytes, 0);

        if (limits.DiskBytesPerSecond != 0)
        {
            AtLeast("DiskBytesPerSecond", limits.DiskBytesPerSecond, 64 << 10);
        }

        foreach (var (name, value) in new[] { ("WallTime", limits.WallTime), ("Silence", limits.Silence) })
        {
            if (value is { } span && span <= TimeSpan.Zero)
            {
                Add(faults, $"The limit {name} is {span}; it must be longer than nothing.");
            }
        }

        if (spec.Terminal is { } terminal && (terminal.Rows is < 1 or > 10_000 || terminal.Columns is < 1 or > 10_000))
        {
            Add(faults, $"A terminal of {terminal.Rows} by {terminal.Columns} characters cannot be.");
        }
    }

    private static Mount CheckMount(Mount mount, WorkspaceMount? workspace, string scratchDirectory, List<Failure> faults)
    {
        if (!IsPlain(mount.Target) || mount.Target == "/" || (OursInside.Any(ours => IsBelow(mount.Target, ours)) && !Covers(mount, workspace)))
        {
            Add(faults, $"Nothing can be mounted at '{mount.Target}' inside.", "Use a folder of its own, for example below /mnt or /home/agent.");
        }

        if (!Path.IsPathFullyQualified(mount.Source) || mount.Source.Contains('\0') || RealPath.Of(mount.Source) is not { } source)
        {
            Add(faults, $"The mount '{mount.Source}' does not exist.", "Mounts name absolute paths on the host.");
            return mount;
        }

        if (Exposure(source, scratchDirectory) is { } exposes)
        {
            Add(faults, $"The mount '{mount.Source}' would expose {exposes}.", "Mount the one folder that is needed.");
        }

        return mount with { Source = source };
    }

    /// <summary>What the base has may be covered, read-only: a place that it does not have would have to be made, and so become a change of the run's.</summary>
    private static bool Covers(Mount mount, WorkspaceMount? workspace) =>
        workspace is not null && !mount.Writable && mount.Target.StartsWith(SandboxPaths.Workspace + "/", StringComparison.Ordinal)
        && Path.Exists(workspace.Lower + mount.Target[SandboxPaths.Workspace.Length..]);

    private static string? Exposure(string source, string scratchDirectory)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var scratch = RealPath.Of(scratchDirectory) ?? scratchDirectory;

        if (NeverShown.Contains(source) || NeverShownBelow.Any(p => IsBelow(source, p)))
        {
            return "the host";
        }

        if ((home.Length > 1 && IsBelow(home, source)) || (Path.GetDirectoryName(source) == "/home"))
        {
            return "a home folder";
        }

        if (IsBelow(scratch, source))
        {
            return "Ringfence's own files";
        }

        return HostSockets.AtOrBelow(source) is { } socket ? $"a socket of the host ({socket})" : null;
    }

    private static WorkspaceMount CheckWorkspace(WorkspaceMount workspace, List<Failure> faults)
    {
        if (!Path.IsPathFullyQualified(workspace.Lower) || !Directory.Exists(workspace.Lower) || RealPath.Of(workspace.Lower) is not { } lower)
        {
            Add(faults, $"The workspace's base '{workspace.Lower}' is not a folder.");
            return workspace;
        }

        foreach (var layer in workspace.Layers.Where(layer => !Path.IsPathFullyQualified(layer) || !Directory.Exists(layer)))
        {
            Add(faults, $"The workspace's layer '{layer}' is not a folder.");
        }

        string[] layers = [.. workspace.Layers.Select(layer => RealPath.Of(layer) ?? layer)];

        if (workspace is { Upper: null, IsCopy: true })
        {
            Add(faults, $"The workspace is to be a copy of '{lower}', and no folder holds it.");
        }

        if (workspace.Upper is null)
        {
            return workspace with { Lower = lower, Layers = layers };
        }

        if (!Path.IsPathFullyQualified(workspace.Upper) || !Directory.Exists(workspace.Upper) || RealPath.Of(workspace.Upper) is not { } upper)
        {
            Add(faults, $"The folder '{workspace.Upper}' for the workspace's changes does not exist.");
            return workspace;
        }

        if (IsBelow(upper, lower) || IsBelow(lower, upper))
        {
            Add(faults, $"The workspace's base '{lower}' and changes '{upper}' lie one in the other.");
        }

        // The name is part of the overlay's mount options, which have characters of their own.
        if (!Path.GetFileName(upper).All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            Add(faults, $"The folder '{workspace.Upper}' for the workspace's changes has characters in its name that a mount cannot take.");
        }

        return workspace with { Lower = lower, Upper = upper, Layers = layers };
    }

    private static bool IsPlain(string path) =>
        path.StartsWith('/') && !path.Contains('\0') && Encoding.UTF8.GetByteCount(path) < 4000
        && path.Split('/').Skip(1).All(part => part is not ("." or "..")) && !path.Contains("//", StringComparison.Ordinal);

    private static bool IsBelow(string path, string ancestor) =>
        ancestor == "/" || path == ancestor || path.StartsWith(ancestor + "/", StringComparison.Ordinal);

    private static void Add(List<Failure> faults, string message, string? hint = null) => faults.Add(new Failure("sandbox_spec", message, hint));
}
