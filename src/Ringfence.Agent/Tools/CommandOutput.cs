using System.Text;

namespace Ringfence.Agent.Tools;

/// <summary>Shows a command's output: whole when it is short, else its head and its tail with the cut stated and the place of the whole named.</summary>
internal static class CommandOutput
{
    /// <summary>Characters shown at most; half of them from the start, half from the end.</summary>
    public const int Most = 30_000;

    public static string Show(string file, long from = 0)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = stream.Length - from;

        if (length <= Most)
        {
            return Decode(stream, from, length).TrimEnd('\n', '\r');
        }

        var head = Decode(stream, from, Most / 2);
        var tail = Decode(stream, stream.Length - (Most / 2), Most / 2);
        head = head[..(head.LastIndexOf('\n') is > Most / 4 and var end ? end + 1 : head.Length)];
        tail = tail[(tail.IndexOf('\n', StringComparison.Ordinal) is >= 0 and < Most / 4 and var start ? start + 1 : 0)..];
        var cut = length - Encoding.UTF8.GetByteCount(head) - Encoding.UTF8.GetByteCount(tail);

        return $"{head}\n[… {cut} of {length} bytes are left out here. The whole output is in {file}: Read or Grep it. …]\n{tail.TrimEnd('\n', '\r')}";
    }

    private static string Decode(FileStream stream, long from, long count)
    {
        var bytes = new byte[count];
        stream.Position = from;
        var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(bytes, 0, read);
    }
}
