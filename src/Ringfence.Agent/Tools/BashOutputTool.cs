using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class BashOutputTool : Tool
{
    public override string Name => "BashOutput";

    public override string Description => "Shows what a background command has written since the last look, and whether it is still running.";

    public override JsonObject InputSchema { get; } = ToolInput.Schema(("bash_id", "string!", "The ID that Bash gave"));

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Internal, "");

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var id = call.Input.Text("bash_id")!;

        if (call.Workplace.Shells.Find(id) is not { } found)
        {
            return Task.FromResult(ToolOutput.Error($"No background command has the ID {id}."));
        }

        // Asked before reading: what it writes after that is shown by the next look.
        var exited = found.Shell.ExitCode;
        var file = found.Shell.OutputFile;
        var length = File.Exists(file) ? new FileInfo(file).Length : 0;
        var shown = length > found.Shown ? CommandOutput.Show(file, found.Shown) : "(nothing new)";
        found.Shown = length;

        return Task.FromResult(ToolOutput.Text(
            $"<status>{(exited is null ? "running" : "completed")}</status>\n{(exited is null ? "" : $"<exit_code>{exited}</exit_code>\n")}<output>\n{shown}\n</output>"));
    }
}
