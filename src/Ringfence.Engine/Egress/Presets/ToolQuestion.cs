using Ringfence.Processes;

namespace Ringfence.Egress;

/// <summary>Asks a tool of the user's for its own settings.</summary>
internal static class ToolQuestion
{
    private const int MostBytes = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What it prints, or null when it is not installed or refuses. Runs in an empty folder: a repository's own settings must not decide.</summary>
    public static async Task<string?> AskAsync(UserSide user, string tool, string[] arguments, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("ringfence-preset-");

        try
        {
            var command = new ChildCommand(tool, arguments, user.Variables) { WorkingDirectory = folder.FullName };

            return (await ProgramAnswer.AskAsync(command, Patience, MostBytes, cancellationToken)).Succeeded(out var answer) && answer.Code == 0 ? answer.Text : null;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static Failure NotInstalled(string preset, string tool) =>
        new("preset_tool_missing", $"The preset {preset} asks {tool} for its settings, and {tool} did not answer.", $"Install {tool}, or allow the hosts themselves: --allow HOST.");
}
