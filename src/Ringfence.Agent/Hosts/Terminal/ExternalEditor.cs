using System.ComponentModel;
using System.Diagnostics;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Has a text changed in the editor that the user has chosen: VISUAL, EDITOR, or vi.</summary>
internal static class ExternalEditor
{
    /// <returns>The text as it was saved, or why there is none.</returns>
    public static async Task<(string? Text, string? Failure)> ChangeAsync(string text, Func<string, string?> environment)
    {
        var editor = new[] { environment("VISUAL"), environment("EDITOR"), "vi" }.First(e => !string.IsNullOrWhiteSpace(e))!;
        var folder = Directory.CreateTempSubdirectory("ringfence-prompt-");
        var file = Path.Combine(folder.FullName, "prompt.md");

        try
        {
            await File.WriteAllTextAsync(file, text);

            // By a shell, because people put arguments into EDITOR.
            using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec {editor} \"$1\"", "sh", file]) { UseShellExecute = false });
            await process!.WaitForExitAsync();

            return process.ExitCode == 0 ? ((await File.ReadAllTextAsync(file)).TrimEnd('\n'), null) : (null, $"{editor} ended with exit code {process.ExitCode}; nothing was changed.");
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return (null, $"{editor} could not be used: {e.Message}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
