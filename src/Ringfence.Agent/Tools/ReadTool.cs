using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class ReadTool : Tool
{
    public const int MostLines = 2000;
    private const int LongestLine = 2000;
    private const long MostBytes = 256 * 1024 * 1024;
    private const int MostCharacters = 200_000;

    private static readonly (string Extension, string Type)[] Images =
        [(".png", "image/png"), (".jpg", "image/jpeg"), (".jpeg", "image/jpeg"), (".gif", "image/gif"), (".webp", "image/webp")];

    public override string Name => "Read";

    public override string Description =>
        "Reads a file. `file_path` must be absolute or relative to the working directory. Shows up to 2000 lines from the start, each with its number; "
        + "use `offset` (first line, from 1) and `limit` for other parts of long files. Lines over 2000 characters are cut, and the cut is stated. "
        + "Images (png, jpg, gif, webp) are shown as images. A file must be read before it is edited. Read several files in one go when you need several.";

    public override JsonObject InputSchema { get; } = ToolInput.Schema(
        ("file_path", "string!", "The file to read"),
        ("offset", "integer", "The line to start at, from 1"),
        ("limit", "integer", "How many lines to read"));

    public override bool ReadsOnly => true;

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Read, workplace.Resolve(input.Text("file_path") ?? ""));

    public override async Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var path = call.Workplace.Resolve(call.Input.Text("file_path")!);

        if (Directory.Exists(path))
        {
            return ToolOutput.Error($"{path} is a directory. Use Glob with a pattern, or Bash with ls, to see what is in it.");
        }

        if (!File.Exists(path))
        {
            return ToolOutput.Error($"File does not exist: {path}.{Similar(path)} The working directory is {call.Workplace.Directory}.");
        }

        var info = new FileInfo(path);

        if (info.Length > MostBytes)
        {
            return ToolOutput.Error($"{path} has {info.Length} bytes, more than the {MostBytes} that Read takes. Use Grep, or Bash with head, tail or sed.");
        }

        byte[] bytes;

        try
        {
            bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ToolOutput.Error($"{path} cannot be read: {e.Message}");
        }

        if (Images.FirstOrDefault(i => path.EndsWith(i.Extension, StringComparison.OrdinalIgnoreCase)) is { Type: { } type })
        {
            return Image(path, bytes, type);
        }

        if (TextFile.Decode(bytes) is not { } file)
        {
            return ToolOutput.Error($"{path} is a binary file of {bytes.Length} bytes; its text cannot be shown. Use Bash with file, xxd or strings.");
        }

        return Show(call, path, bytes, file);
    }

    private static ToolOutput Show(ToolCall call, string path, byte[] bytes, TextFile file)
    {
        var offset = (int)Math.Max(1, call.Input.Integer("offset") ?? 1);
        var limit = (int)Math.Clamp(call.Input.Integer("limit") ?? MostLines, 1, int.MaxValue);
        var shown = new StringBuilder();
        var plain = new StringBuilder();
        var number = 0;
        var taken = 0;
        var cutLines = 0;

        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            number++;

            if (number < offset || taken >= limit || shown.Length > MostCharacters)
            {
                continue;
            }

            var cut = line.Length > LongestLine;
            cutLines += cut ? 1 : 0;
            shown.Append(CultureInfo.InvariantCulture, $"{number,6}→").Append(cut ? line[..LongestLine] : line)
                .Append(cut ? $"… [{line.Length - LongestLine} more characters]" : "").Append('\n');
            plain.Append(taken > 0 ? "\n" : "").Append(line);
            taken++;
        }

        // EnumerateLines reports an empty line after a final newline, which is no line of the file.
        var total = file.Text.Length == 0 ? 0 : file.Text.EndsWith('\n') ? number - 1 : number;
        call.Workplace.Files.Remember(path, bytes, whole: offset == 1 && taken >= total);

        if (total == 0)
        {
            return ToolOutput.Text("<system-reminder>The file exists and is empty.</system-reminder>", Details(path, "", 0, 1, 0));
        }

        if (offset > total)
        {
            return ToolOutput.Text($"<system-reminder>The file has {total} lines, fewer than the offset {offset}.</system-reminder>", Details(path, "", 0, offset, total));
        }

        if (offset + taken - 1 > total)
        {
            shown.Length -= $"{total + 1,6}→\n".Length;
            plain.Length--;
            taken--;
        }

        if (offset > 1 || offset + taken - 1 < total)
        {
            shown.Append(CultureInfo.InvariantCulture, $"\n[Lines {offset} to {offset + taken - 1} of {total}. Use offset and limit for the rest.]\n");
        }

        if (cutLines > 0)
        {
            shown.Append(CultureInfo.InvariantCulture, $"\n[{cutLines} lines were cut after {LongestLine} characters.]\n");
        }

        if (file.EncodingName != "UTF-8")
        {
            shown.Append(CultureInfo.InvariantCulture, $"\n[The file is {file.EncodingName}; Edit keeps that.]\n");
        }

        return ToolOutput.Text(shown.ToString(), Details(path, plain.ToString(), taken, offset, total));
    }

    private static JsonObject Details(string path, string content, int lines, int start, int total) => new()
    {
        ["type"] = "text",
        ["file"] = new JsonObject
        {
            ["filePath"] = path, ["content"] = content, ["numLines"] = lines, ["startLine"] = start, ["totalLines"] = total,
        },
    };

    private static ToolOutput Image(string path, byte[] bytes, string type)
    {
        const int Most = 5 * 1024 * 1024;

        if (bytes.Length > Most)
        {
            return ToolOutput.Error($"{path} is an image of {bytes.Length} bytes; at most {Most} can be shown. Scale it down first.");
        }

        var source = new JsonObject { ["type"] = "base64", ["media_type"] = type, ["data"] = Convert.ToBase64String(bytes) };

        return new ToolOutput
        {
            Content = new JsonArray(new JsonObject { ["type"] = "image", ["source"] = source }),
            Details = new JsonObject
            {
                ["type"] = "image", ["file"] = new JsonObject { ["type"] = type, ["originalSize"] = bytes.Length, ["filePath"] = path },
            },
        };
    }

    private static string Similar(string path)
    {
        var directory = Path.GetDirectoryName(path);

        if (directory is null || !Directory.Exists(directory))
        {
            return $" Its directory does not exist either.";
        }

        try
        {
            var stem = Path.GetFileNameWithoutExtension(path);
            var near = Directory.EnumerateFileSystemEntries(directory).Select(e => Path.GetFileName(e))
                .FirstOrDefault(n => n.StartsWith(stem, StringComparison.OrdinalIgnoreCase) || string.Equals(n, Path.GetFileName(path), StringComparison.OrdinalIgnoreCase));
            return near is null ? "" : $" Did you mean {near}?";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
