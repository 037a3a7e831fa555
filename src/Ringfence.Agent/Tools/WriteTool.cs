using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class WriteTool : Tool
{
    public override string Name => "Write";

    public override string Description =>
        "Writes a file, replacing what is there. An existing file must have been read first, and must not have changed since. "
        + "Directories are made as needed. Prefer Edit for changing existing files.";

    public override JsonObject InputSchema { get; } = ToolInput.Schema(
        ("file_path", "string!", "The file to write"),
        ("content", "string!", "The whole new content"));

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Edit, workplace.Resolve(input.Text("file_path") ?? ""));

    public override async Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var path = call.Workplace.Resolve(call.Input.Text("file_path")!);
        var content = call.Input.Text("content")!;

        if (Directory.Exists(path))
        {
            return ToolOutput.Error($"{path} is a directory.");
        }

        try
        {
            byte[]? before = null;
            TextFile? file = null;

            if (File.Exists(path))
            {
                before = await File.ReadAllBytesAsync(path, cancellationToken);
                file = TextFile.Decode(before);

                if (FileEditor.Stale(call.Workplace, path, before) is { } refusal)
                {
                    return ToolOutput.Error(refusal);
                }
            }

            // The model writes plain text: what it replaces keeps its byte order mark and its encoding when that can say the new text.
            var bytes = file?.Encode(content) ?? new UTF8Encoding(false).GetBytes(content);
            FileWriter.Write(path, bytes);
            call.Workplace.Journal.Add(path, before, bytes);
            call.Workplace.Files.Remember(path, bytes);

            return ToolOutput.Text(
                before is null ? $"File created successfully at: {path}" : $"The file {path} has been replaced ({bytes.Length} bytes).",
                new JsonObject
                {
                    ["type"] = before is null ? "create" : "update",
                    ["filePath"] = path,
                    ["content"] = content,
                    ["structuredPatch"] = before is null || file is null ? new JsonArray() : LineDiff.Hunks(file.Text, content),
                    ["originalFile"] = file?.Text,
                });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ToolOutput.Error($"{path} could not be written: {e.Message} It is as it was.");
        }
    }
}
