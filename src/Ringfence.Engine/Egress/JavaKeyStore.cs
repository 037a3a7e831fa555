using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ringfence.Egress;

/// <summary>Trusted certificates in Java's own format (JKS), which every Java reads, whatever it writes by default.</summary>
internal static class JavaKeyStore
{
    private const string Password = "changeit";

    [SuppressMessage("Security", "CA5350", Justification = "The format's checksum. It protects nothing: the file is made here and holds public certificates.")]
    public static byte[] Write(X509Certificate2Collection certificates)
    {
        using var store = new MemoryStream();
        Number(store, 0xFEED_FEED);
        Number(store, 2);
        Number(store, (uint)certificates.Count);

        for (var i = 0; i < certificates.Count; i++)
        {
            Number(store, 2); // a trusted certificate
            Text(store, $"authority-{i}");
            store.Write(new byte[8]); // when it was added
            Text(store, "X.509");
            Number(store, (uint)certificates[i].RawData.Length);
            store.Write(certificates[i].RawData);
        }

        store.Write(SHA1.HashData([.. Encoding.BigEndianUnicode.GetBytes(Password), .. "Mighty Aphrodite"u8, .. store.ToArray()]));
        return store.ToArray();
    }

    private static void Number(MemoryStream store, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        store.Write(bytes);
    }

    private static void Text(MemoryStream store, string text) => store.Write([(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)]);
}
