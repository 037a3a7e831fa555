using System.Globalization;
using Ringfence.Audit;

namespace Ringfence.Sandboxes;

/// <summary>
/// What this machine enforces, found by building real sandboxes and running commands in them: what a configuration file promises is not asked.
/// </summary>
/// <param name="folder">A folder on the file system that will hold workspaces; the probe's own files below it are gone afterwards.</param>
public sealed class SandboxProbe(SandboxLauncher launcher, string folder)
{
    /// <summary>One line for each wall and limit, each with its remedy. Never fails: a machine that can build nothing is told of by a line.</summary>
    public async Task<IReadOnlyList<DoctorLine>> RunAsync(CancellationToken cancellationToken)
    {
        var place = Path.Combine(folder, $"probe-{Environment.ProcessId}");
        var facts = new CommandFacts();

        try
        {
            var workspace = new WorkspaceMount(
                Directory.CreateDirectory(Path.Combine(place, "base")).FullName, Directory.CreateDirectory(Path.Combine(place, "changes")).FullName);
            var first = await TryAsync(Spec(workspace, new SandboxLimits()), facts, cancellationToken);

            // Nothing is in the base, so the empty folder is its copy.
            if (first.IsFailure && first.Failures[0].Code == SandboxLauncher.NoOverlay)
            {
                workspace = workspace with { IsCopy = true };
                first = await TryAsync(Spec(workspace, new SandboxLimits()), facts, cancellationToken);
            }

            if (first.IsFailure)
            {
                return [.. first.Failures.Select(f => new DoctorLine("sandbox", DoctorLevel.Missing, f.Message, RemedyForNone(f)))];
            }

            var lines = first.Value.Select(Parse).ToList();
            lines.Insert(0, new DoctorLine("sandbox", DoctorLevel.Full, "A command ran behind all walls."));
            lines.Add(ExitCodes(facts));
            lines.Add(await OptionalAsync("processor", "A share of processor time can be enforced.", null, new SandboxLimits { MilliCores = 500 }, cancellationToken));
            lines.Add(await OptionalAsync("disk rate", "Bytes a second can be enforced.", workspace, new SandboxLimits { DiskBytesPerSecond = 16 << 20 }, cancellationToken));
            lines.Add(Identity());
            return await new LimitProbe(launcher).TryAsync(lines, cancellationToken);
        }
        finally
        {
            Delete(place);
        }
    }

    private async Task<Result<string[]>> TryAsync(SandboxSpec spec, IRecorder recorder, CancellationToken cancellationToken)
    {
        var started = await launcher.StartAsync(spec, "doctor", recorder, cancellationToken);

        if (!started.Succeeded(out var sandbox))
        {
            return Result.Fail<string[]>(started.Failures);
        }

        await using (sandbox)
        {
            await sandbox.StandardInput.DisposeAsync();

            return await sandbox.Completion is SandboxExit.Exited { Code: 0 }
                ? sandbox.Isolation.ToArray()
                : new Failure("sandbox_unavailable", $"The probe's command ended with {await sandbox.Completion}.");
        }
    }

    private static SandboxSpec Spec(WorkspaceMount? workspace, SandboxLimits limits) => new()
    {
        Command = ["/bin/sh", "-c", "/bin/true && echo written > /workspace/file"],
        Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
        Workspace = workspace,
        Limits = limits,
        Doors = SandboxDoors.Gateway | SandboxDoors.Egress,
    };

    private static DoctorLine Parse(string line)
    {
        var (name, rest) = Cut(line, ": ");
        var (level, found) = Cut(rest, "; ");
        var reached = level switch
        {
            "full" => DoctorLevel.Full,
            "weaker" => DoctorLevel.Weaker,
            _ => DoctorLevel.Missing,
        };
        return new DoctorLine(name, reached, found, reached == DoctorLevel.Full ? null : Remedy(name));
    }

    private static string? Remedy(string name) => name switch
    {
        "memory" or "processes" =>
            "Give Ringfence a control group of its own: `systemd-run --user --scope -p Delegate=yes ringfence …`, or `Delegate=yes` and "
            + "`DelegateSubgroup=supervisor` in its service (systemd 254).",
        "network" => "Load the kernel's packet rules: `modprobe -a nf_tables nft_chain_nat nft_redir nft_reject_inet`, and keep them in /etc/modules-load.d.",
        "disk rate" => "It needs control groups of version 2 with the io controller delegated (`Delegate=yes`), and RINGFENCE_HOME on a disk.",
        "workspace" => "Put RINGFENCE_HOME on ext4, xfs, btrfs or tmpfs: a run then costs what it changes, not what the repository holds.",
        "landlock" => "Boot Linux 6.12 or later with `landlock` among `lsm=`. The mounts hold without it.",
        "disk" => "None is needed: a run can outgrow its limit for moments, and is then ended.",
        _ => null,
    };

    /// <summary>A limit that a sandbox has only when it is asked for, and that it does not start without.</summary>
    private async Task<DoctorLine> OptionalAsync(string name, string found, WorkspaceMount? workspace, SandboxLimits limits, CancellationToken cancellationToken)
    {
        var tried = await TryAsync(Spec(workspace, limits), new CommandFacts(), cancellationToken);

        var line = tried.IsFailure ? new DoctorLine(name, DoctorLevel.Missing, tried.Failures[0].Message, Remedy(name) ?? Remedy("memory"))
            : tried.Value.Select(Parse).FirstOrDefault(line => line.Name == name) is { Level: not DoctorLevel.Full } weaker ? weaker
            : new DoctorLine(name, DoctorLevel.Full, found, null);
        return line with { IsOptional = true };
    }

    private static DoctorLine ExitCodes(CommandFacts facts)
    {
        var line = facts.ExitsAreKnown
            ? new DoctorLine("exit codes", DoctorLevel.Full, "The kernel tells how each command ended.")
            : new DoctorLine("exit codes", DoctorLevel.Missing, "Only the first command's exit code is known.", "Boot Linux 6.15 or later.");
        return line with { IsOptional = true };
    }

    // Root inside is nobody in particular, but outside it is root: what a hole in the kernel would give away is more.
    private static DoctorLine Identity() => Environment.IsPrivilegedProcess
        ? new DoctorLine("supervisor", DoctorLevel.Weaker, "It runs as root.", "Run it as a user of its own; the walls are the same and need no root.")
        : new DoctorLine("supervisor", DoctorLevel.Full, "It runs as an ordinary user.");

    private static string? RemedyForNone(Failure failure) =>
        KernelSays("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1)
            ? "Ubuntu restricts user namespaces: install the shipped profile with `sudo cp eng/apparmor/rf-sandbox /etc/apparmor.d/ && sudo apparmor_parser -r /etc/apparmor.d/rf-sandbox`."
        : KernelSays("/proc/sys/kernel/unprivileged_userns_clone", 0) ? "Allow user namespaces: `sudo sysctl -w kernel.unprivileged_userns_clone=1`."
        : KernelSays("/proc/sys/user/max_user_namespaces", 0) ? "Allow user namespaces: `sudo sysctl -w user.max_user_namespaces=10000`."
        : failure.Hint;

    private static bool KernelSays(string setting, int value) =>
        File.Exists(setting) && File.ReadAllText(setting).Trim() == value.ToString(CultureInfo.InvariantCulture);

    private static (string Before, string After) Cut(string text, string at) =>
        text.IndexOf(at, StringComparison.Ordinal) is >= 0 and var index ? (text[..index], text[(index + at.Length)..]) : (text, "");

    private static void Delete(string place)
    {
        try
        {
            Directory.Delete(place, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }

    /// <summary>A record that is looked at and thrown away.</summary>
    private sealed class CommandFacts : IRecorder
    {
        private int known;
        private int unknown;

        public bool ExitsAreKnown => known > 0 && unknown == 0;

        public long Append(AuditFact fact) => fact switch
        {
            CommandFinished { Known: true } => Interlocked.Increment(ref known),
            CommandFinished { ReplacedBy: 0 } => Interlocked.Increment(ref unknown),
            _ => 0,
        };

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public string Keep(ReadOnlySpan<byte> content) => "";
    }
}
