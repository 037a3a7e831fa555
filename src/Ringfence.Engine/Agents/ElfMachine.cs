using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ringfence.Agents;

/// <summary>Whether a file is a program for this machine, by its first bytes: the kernel's own words, "Exec format error", help nobody.</summary>
internal static class ElfMachine
{
    /// <summary>Why it cannot run; null when it can.</summary>
    public static string? Mismatch(string file)
    {
        Span<byte> head = stackalloc byte[20];
        using var handle = File.OpenHandle(file);

        if (RandomAccess.Read(handle, head, 0) < head.Length || !head.StartsWith("\u007fELF"u8))
        {
            // A script: its interpreter decides.
            return head.StartsWith("#!"u8) ? null : "it is neither a program nor a script.";
        }

        var machine = BinaryPrimitives.ReadUInt16LittleEndian(head[18..]);
        var ours = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 183 : 62;
        return machine == ours ? null : $"it is built for {Name(machine)}, and this machine is {Name(ours)}.";
    }

    private static string Name(int machine) => machine switch
    {
        62 => "x86-64",
        183 => "ARM64",
        _ => $"another processor (ELF machine {machine})",
    };
}
