namespace Ringfence.Workspaces;

/// <summary>Where the time at which a file changed is a fact: stamped by this machine's kernel at every write, also one through a memory map.</summary>
internal static class ChangeTimes
{
    // Not tmpfs, which a write through a memory map leaves unstamped, and nothing that a server or a program stamps.
    private static readonly HashSet<string> Stamped = new(StringComparer.Ordinal) { "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs" };

    public static bool AreTheKernels(string folder) => Stamped.Contains(new DriveInfo(folder).DriveFormat);
}
