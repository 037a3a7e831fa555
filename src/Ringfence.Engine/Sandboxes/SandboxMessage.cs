using System.Buffers.Binary;
using System.Text;

namespace Ringfence.Sandboxes;

/// <summary>What the monitor says over the control socket: a letter, then fields of 64-bit numbers and length-prefixed bytes.</summary>
internal enum SandboxMessageKind : byte
{
    /// <summary>A wall or limit that was reached: name, level, detail.</summary>
    Isolation = (byte)'I',

    /// <summary>Descriptors that travel with this message: their names, separated by commas.</summary>
    Descriptors = (byte)'F',

    /// <summary>All walls stand; the command starts now.</summary>
    Ready = (byte)'R',

    /// <summary>The sandbox could not be built: code, message, hint.</summary>
    Refused = (byte)'E',

    CommandStarted = (byte)'S',
    CommandFinished = (byte)'X',

    /// <summary>The digest of a file that no sandbox can write, worth keeping for the next one.</summary>
    Digest = (byte)'D',

    /// <summary>Nothing is left: ending, value, detail, usage.</summary>
    Ended = (byte)'U',
}

/// <summary>Reads the fields of one message in order. A message that is too short is a bug of ours and throws.</summary>
internal ref struct SandboxMessage(ReadOnlySpan<byte> frame)
{
    private ReadOnlySpan<byte> rest = frame[1..];

    public readonly SandboxMessageKind Kind { get; } = (SandboxMessageKind)frame[0];

    public long Number()
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(rest);
        rest = rest[8..];
        return value;
    }

    public ReadOnlySpan<byte> Bytes()
    {
        var length = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(rest));
        var value = rest.Slice(4, length);
        rest = rest[(4 + length)..];
        return value;
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>Bytes that the agent chose, made safe to show.</summary>
    public string Untrusted() => Printable.Escape(Bytes());

    public string Hex() => Convert.ToHexStringLower(Bytes());
}
