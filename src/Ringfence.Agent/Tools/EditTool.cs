using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class EditTool : Tool
{
    public override string Name => "Edit";

    public override string Description =>
        "Replaces text in a file. The file must have been read, and must not have changed since. `old_string` must be copied from the file without the "
        + "line numbers that Read shows, and must occur exactly once unless `replace_all` is set: give enough lines around it. "
        + "Encoding, line ends and mode of the file are kept.";

    public override JsonObject InputSchema { get; } = ToolInput.Schema(
        ("file_path", "string!", "The file to change"),
        ("old_string", "string!", "The text to replace"),
        ("new_string", "string!", "The text to put there"),
        ("replace_all", "boolean", "Replace every occurrence; default false"));

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Edit, workplace.Resolve(input.Text("file_path") ?? ""));

    public override Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken) =>
        FileEditor.ApplyAsync(call.Workplace, call.Workplace.Resolve(call.Input.Text("file_path")!), Changes(call.Input), cancellationToken);

    public static IReadOnlyList<FileEditor.Change> Changes(JsonObject input) => input.Array("edits") is { } edits
        ? [.. edits.Select(One)]
        : [One(input)];

    private static FileEditor.Change One(JsonNode? edit) =>
        new(edit.Text("old_string") ?? "", edit.Text("new_string") ?? "", edit.Flag("replace_all") ?? false);
}
