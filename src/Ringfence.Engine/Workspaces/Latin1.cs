using System.Text;

namespace Ringfence.Workspaces;

/// <summary>Path bytes as text that keeps every byte: git's paths need not be UTF-8, and a lossy string would name another file.</summary>
internal static class Latin1
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static IEnumerable<string> Split(byte[] nulTerminated)
    {
        for (int start = 0, end; start < nulTerminated.Length; start = end + 1)
        {
            end = Array.IndexOf(nulTerminated, (byte)0, start);
            end = end < 0 ? nulTerminated.Length : end;
            yield return Encoding.Latin1.GetString(nulTerminated, start, end - start);
        }
    }

    public static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    public static bool IsUtf8(string latin1, out string text)
    {
        try
        {
            text = Strict.GetString(Bytes(latin1));
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }
}
