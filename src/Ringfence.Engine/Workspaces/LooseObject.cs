using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Ringfence.Workspaces;

/// <summary>Writes one object into a git directory of ours, as git itself would: for a small one, starting git is most of the work.</summary>
internal static class LooseObject
{
    /// <param name="nameLength">Hex digits of this repository's object names: 40 for SHA-1, 64 for SHA-256.</param>
    /// <returns>The object's name.</returns>
    public static string Write(string gitDirectory, string type, ReadOnlySpan<byte> content, int nameLength)
    {
        byte[] whole = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{type} {content.Length}\0")), .. content];
#pragma warning disable CA5350 // the name that git gives it, not a protection
        var name = Convert.ToHexStringLower(nameLength == 40 ? SHA1.HashData(whole) : SHA256.HashData(whole));
#pragma warning restore CA5350
        var folder = Directory.CreateDirectory(Path.Combine(gitDirectory, "objects", name[..2])).FullName;
        var file = Path.Combine(folder, name[2..]);
        var making = file + ".new";

        using (var target = new ZLibStream(File.Create(making), CompressionLevel.Fastest))
        {
            target.Write(whole);
        }

        // Whole or not at all, and an object that is there already is the same.
        File.Move(making, file, overwrite: true);
        return name;
    }
}
