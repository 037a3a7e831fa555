using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Ringfence.Sandboxes;

/// <summary>
/// A spec as the launcher reads it: one directive per line, a word and its values. Pure, so that a snapshot shows every wall that is asked for.
/// It travels over the control socket and never through an argument list, which every user of the host can read.
/// </summary>
internal static class SandboxArguments
{
    /// <summary>The directives in the order in which the launcher applies them.</summary>
    public static IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> For(SandboxSpec spec, string name)
    {
        var lines = new List<IReadOnlyList<ReadOnlyMemory<byte>>>();

        void Add(params ReadOnlySpan<string> words) => lines.Add([.. words.ToArray().Select(w => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(w))]);

        Add("name", name);
        Add(["exec", .. spec.Command]);
        Add("directory", spec.WorkingDirectory);

        foreach (var (key, value) in spec.Environment.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            Add("environment", $"{key}={value}");
        }

        if (spec.Workspace is { IsCopy: true, Upper: { } copied } copy)
        {
            Add("copy", copy.Lower, copied);
        }
        else if (spec.Workspace is { Upper: { } upper } onDisk)
        {
            var path = Path.TrimEndingDirectorySeparator(upper);
            Add("workspace", onDisk.Lower, Path.GetDirectoryName(path) ?? "/", Path.GetFileName(path));
        }
        else if (spec.Workspace is { } inMemory)
        {
            Add("workspace", inMemory.Lower);
        }

        foreach (var layer in spec.Workspace is { IsCopy: false } overlay ? overlay.Layers : [])
        {
            Add("layer", layer);
        }

        foreach (var mount in spec.Mounts)
        {
            Add("mount", mount.Source, mount.Target, mount.Writable ? "writable" : "read-only");
        }

        foreach (var file in spec.Files)
        {
            lines.Add([Bytes("file"), Bytes(file.Target), Bytes(Convert.ToString(file.Mode, 8)), file.Content]);
        }

        foreach (var (limit, value) in Limits(spec.Limits))
        {
            Add("limit", limit, value.ToString(CultureInfo.InvariantCulture));
        }

        foreach (var door in new[] { SandboxDoors.Gateway, SandboxDoors.Egress }.Where(d => spec.Doors.HasFlag(d)))
        {
            Add("door", door == SandboxDoors.Gateway ? "gateway" : "egress");
        }

        if (spec.Terminal is { } terminal)
        {
            Add("terminal", terminal.Rows.ToString(CultureInfo.InvariantCulture), terminal.Columns.ToString(CultureInfo.InvariantCulture));
        }

        return lines;
    }

    /// <summary>What earlier sandboxes learnt about executables that none of them can write.</summary>
    public static IEnumerable<IReadOnlyList<ReadOnlyMemory<byte>>> Digests(IEnumerable<KeyValuePair<string, string>> known) =>
        known.Select(d => (IReadOnlyList<ReadOnlyMemory<byte>>)[Bytes("digest"), Bytes(d.Key), Bytes(d.Value)]);

    /// <summary>One frame: its length, then per directive a count, then per word a length and its bytes; all lengths little-endian, 32 bits.</summary>
    public static byte[] Frame(IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> lines)
    {
        var frame = new byte[4 + lines.Sum(line => 4 + line.Sum(word => 4 + word.Length))];
        var rest = frame.AsSpan();

        Write(ref rest, frame.Length - 4);

        foreach (var line in lines)
        {
            Write(ref rest, line.Count);

            foreach (var word in line)
            {
                Write(ref rest, word.Length);
                word.Span.CopyTo(rest);
                rest = rest[word.Length..];
            }
        }

        return frame;
    }

    // Wall time, silence, output and connections are counted by the supervisor, which holds the clock and the pipes.
    private static IEnumerable<(string Name, long Value)> Limits(SandboxLimits limits) =>
    [
        ("memory", limits.MemoryBytes),
        ("processes", limits.Processes),
        ("millicores", limits.MilliCores),
        ("disk", limits.DiskBytes),
        ("inodes", limits.DiskInodes),
        ("temporary", limits.TemporaryBytes),
        ("open-files", limits.OpenFiles),
        ("disk-rate", limits.DiskBytesPerSecond),
    ];

    private static void Write(ref Span<byte> rest, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rest, value);
        rest = rest[4..];
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
