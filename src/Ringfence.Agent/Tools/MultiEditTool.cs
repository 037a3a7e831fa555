using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class MultiEditTool : Tool
{
    public override string Name => "MultiEdit";

    public override string Description =>
        "Makes several replacements in one file, in order, each on the result of the one before: all of them, or none if one cannot be made. "
        + "The rules of Edit hold for each.";

    public override JsonObject InputSchema { get; } = new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["file_path"] = new JsonObject { ["type"] = "string", ["description"] = "The file to change" },
            ["edits"] = new JsonObject
            {
                ["type"] = "array",
                ["minItems"] = 1,
                ["items"] = ToolInput.Schema(
                    ("old_string", "string!", "The text to replace"),
                    ("new_string", "string!", "The text to put there"),
                    ("replace_all", "boolean", "Replace every occurrence; default false")),
            },
        },
        ["required"] = new JsonArray("file_path", "edits"),
        ["additionalProperties"] = false,
    };

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Edit, workplace.Resolve(input.Text("file_path") ?? ""));

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken) =>
        FileEditor.ApplyAsync(call.Workplace, call.Workplace.Resolve(call.Input.Text("file_path")!), EditTool.Changes(call.Input), cancellationToken);
}
