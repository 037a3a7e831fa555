using Ringfence.Processes;

namespace Ringfence.Egress;

/// <summary>Asks a tool of the user's for its own settings.</summary>
internal static class ToolQuestion
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What it prints, or null when it is not installed or refuses. Runs in an empty folder: a repository's own settings must not decide.</summary>
    public static async Task<string?> AskAsync(UserSide user, string tool, string[] arguments, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("ringfence-preset-");

        try
        {
            var command = new ChildCommand(tool, arguments, user.Variables) { WorkingDirectory = folder.FullName };

            if (!ChildProcess.Start(command).Succeeded(out var process, out _))
            {
                return null;
            }

            await using (process)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(Patience);
                using var reader = new StreamReader(process.Output);
                var text = await reader.ReadToEndAsync(patience.Token);
                return (await process.WaitAsync(patience.Token)).Code == 0 ? text : null;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static Failure NotInstalled(string preset, string tool) =>
        new("preset_tool_missing", $"The preset {preset} asks {tool} for its settings, and {tool} did not answer.", $"Install {tool}, or allow the hosts themselves: --allow HOST.");
}
