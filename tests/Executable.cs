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
    public static void Write(string file, string content, Encoding? encoding = null) =>
        Make(file, ["-c", "cat >\"$0\" && chmod 700 \"$0\"", file], content, encoding ?? new UTF8Encoding(false));

    /// <summary>The same for a program that there is already. It has the mode of the first one.</summary>
    public static void Copy(string program, string file) => Make(file, ["-c", "cp \"$1\" \"$0\"", file, program], "", new UTF8Encoding(false));

    private static void Make(string file, string[] arguments, string input, Encoding encoding)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var writer = Process.Start(new ProcessStartInfo("/bin/sh", arguments) { RedirectStandardInput = true, StandardInputEncoding = encoding })!;
        writer.StandardInput.Write(input);
        writer.StandardInput.Close();
        writer.WaitForExit();
        Xunit.Assert.True(writer.ExitCode == 0, $"{file} could not be written.");
    }
}
