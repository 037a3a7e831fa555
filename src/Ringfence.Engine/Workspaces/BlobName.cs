using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ringfence.Workspaces;

/// <summary>The name that git gives to a file's content, without git.</summary>
internal static class BlobName
{
    /// <summary>Null for anything but a regular file or a symbolic link.</summary>
    public static string? Of(UnixFolder folder, ReadOnlySpan<byte> name)
    {
        switch (folder.Stat(name))
        {
            case { Kind: UnixKind.Link }:
                var target = folder.ReadLink(name);
                return Hash(target.Length, new MemoryStream(target));

            case { Kind: UnixKind.File } file:
                using (var content = new FileStream(folder.OpenFile(name), FileAccess.Read, bufferSize: 0))
                {
                    return Hash(file.Size, content);
                }

            default:
                return null;
        }
    }

    private static string Hash(long size, Stream content)
    {
#pragma warning disable CA5350 // a name, not a protection
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {size}\0")));
        var buffer = new byte[64 << 10];

        for (int count; (count = content.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
