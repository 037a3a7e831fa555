using System.Diagnostics;
using System.Text;

namespace Ringfence.Tests;

/// <summary>A program that a test writes to start it.</summary>
internal static class Executable
{
    /// <summary>
    /// Written by a process of its own: a file that this one had open for writing may still be open in a child that another test is just starting, and such
    /// a file cannot be executed ("Text file busy").
    /// </summary>
    public static void Write(string file, string content, Encoding? encoding = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "cat >\"$0\" && chmod 700 \"$0\"", file]) { RedirectStandardInput = true, StandardInputEncoding = encoding ?? new UTF8Encoding(false) };
        using var writer = Process.Start(start)!;
        writer.StandardInput.Write(content);
        writer.StandardInput.Close();
        writer.WaitForExit();
        Xunit.Assert.True(writer.ExitCode == 0, $"{file} could not be written.");
    }
}
