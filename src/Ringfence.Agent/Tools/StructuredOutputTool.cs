using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>Takes the answer in the form that was asked for, and ends the turn with it.</summary>
internal sealed class StructuredOutputTool(JsonObject schema) : Tool
{
    public const string ToolName = "StructuredOutput";

    public override string Name => ToolName;

    public override string Description => "Gives the final answer, in the form that this schema demands. Call it exactly once, when the work is done.";

    public override JsonObject InputSchema => schema;

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Internal, "");

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken) => Task.FromResult(new ToolOutput
    {
        Content = call.Input.ToText(), Details = call.Input.DeepClone(), EndsTurn = true,
    });
}
