using System.Text;

namespace Ringfence.Workspaces;

/// <summary>Names that must not become part of a tree, because some file system takes them for git's own folder.</summary>
public static class GitNames
{
    /// <summary>The folder itself, exactly.</summary>
    public static bool IsGit(ReadOnlySpan<byte> name) => name.SequenceEqual(".git"u8);

    /// <summary>
    /// True for what a case-insensitive, Windows or macOS file system opens as <c>.git</c>: other case, trailing dots and spaces, alternate data
    /// streams, the short name <c>git~1</c>, and characters that macOS ignores.
    /// </summary>
    public static bool IsGitAlias(ReadOnlySpan<byte> name)
    {
        if (IsGit(name))
        {
            return false;
        }

        // Windows ends the name at a backslash or a colon and drops dots and spaces before that.
        var end = name.IndexOfAny((byte)'\\', (byte)':');
        var windows = (end < 0 ? name : name[..end]).TrimEnd(". "u8);

        if (Ascii.EqualsIgnoreCase(windows, ".git"u8) || Ascii.EqualsIgnoreCase(windows, "git~1"u8))
        {
            return true;
        }

        return name.IndexOfAnyInRange((byte)0x80, (byte)0xFF) >= 0 && IsGitWithoutIgnorable(name);
    }

    private static bool IsGitWithoutIgnorable(ReadOnlySpan<byte> name)
    {
        var left = new StringBuilder();

        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out var rune, out var length) != System.Buffers.OperationStatus.Done || left.Length > 4)
            {
                return false;
            }

            name = name[length..];

            if (!IsIgnoredByMacOs(rune.Value))
            {
                left.Append(rune);
            }
        }

        return left.ToString().Equals(".git", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsIgnoredByMacOs(int rune) => rune is (>= 0x200C and <= 0x200F) or (>= 0x202A and <= 0x202E)
        or (>= 0x206A and <= 0x206F) or 0xFEFF;
}
