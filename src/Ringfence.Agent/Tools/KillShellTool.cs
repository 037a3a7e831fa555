using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class KillShellTool : Tool
{
    public override string Name => "KillShell";

    public override string Description => "Ends a background command and everything it started.";

    public override JsonObject InputSchema { get; } = ToolInput.Schema(("shell_id", "string!", "The ID that Bash gave"));

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Internal, "");

    public override async Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var id = call.Input.Text("shell_id")!;

        if (call.Workplace.Shells.Find(id) is not { } found)
        {
            return ToolOutput.Error($"No background command has the ID {id}.");
        }

        var running = !found.Shell.HasExited;
        await call.Workplace.Shells.StopAsync(id, call.Workplace.Time);
        return ToolOutput.Text(running ? $"Ended {id}: {found.Command}" : $"{id} had already ended with exit code {found.Shell.ExitCode}.");
    }
}
