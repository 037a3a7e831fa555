using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class TodoWriteTool : Tool
{
    public override string Name => "TodoWrite";

    public override string Description =>
        "Keeps the list of what is to be done. Use it for work of three steps or more; replace the whole list each time; "
        + "have exactly one item in_progress; mark an item completed as soon as it is, and only when it really is.";

    public override JsonObject InputSchema { get; } = new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["todos"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject
                    {
                        ["content"] = new JsonObject { ["type"] = "string", ["minLength"] = 1 },
                        ["status"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("pending", "in_progress", "completed") },
                        ["activeForm"] = new JsonObject { ["type"] = "string" },
                    },
                    ["required"] = new JsonArray("content", "status"),
                },
            },
        },
        ["required"] = new JsonArray("todos"),
        ["additionalProperties"] = false,
    };

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Internal, "");

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var now = call.Input.Array("todos")!;
        var before = call.Workplace.Todos.Replace(now);
        var open = now.Count(t => t.Text("status") != "completed");

        return Task.FromResult(ToolOutput.Text(
            $"The list has been updated: {now.Count - open} done, {open} to do.",
            new JsonObject { ["oldTodos"] = before, ["newTodos"] = now.DeepClone() }));
    }
}
