using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>Applies replacements to a file: all of them or none, and never to a file that is not what the model read.</summary>
internal static class FileEditor
{
    private const int LongestTold = 100_000;

    public readonly record struct Change(string Old, string New, bool All);

    /// <summary>What the changes would make of the file, without writing anything; for diffs that are shown before an edit is approved.</summary>
    public static async Task<(JsonArray? Hunks, string? Refusal)> PreviewAsync(
        Workplace workplace, string path, IReadOnlyList<Change> changes, CancellationToken cancellationToken)
    {
        var (plan, refusal) = await PlanAsync(workplace, path, changes, cancellationToken);
        return (plan?.Hunks, refusal);
    }

    public static async Task<ToolOutput> ApplyAsync(
        Workplace workplace, string path, IReadOnlyList<Change> changes, CancellationToken cancellationToken)
    {
        try
        {
            var (plan, refusal) = await PlanAsync(workplace, path, changes, cancellationToken);

            if (plan is null)
            {
                return ToolOutput.Error(refusal!);
            }

            FileWriter.Write(path, plan.Bytes);
            workplace.Journal.Add(path, plan.BytesBefore, plan.Bytes);
            workplace.Files.Remember(path, plan.Bytes);
            return Report(path, changes, plan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ToolOutput.Error($"{path} could not be written: {e.Message} It is as it was.");
        }
    }

    /// <summary>Why the file may not be changed now: not read yet, or changed since. Null when it may.</summary>
    public static string? Stale(Workplace workplace, string path, ReadOnlySpan<byte> bytes) =>
        !workplace.Files.Has(path) ? $"File has not been read yet. Read {path} first, then change it."
        : !workplace.Files.IsUnchanged(path, bytes) ? $"File has been modified since it was read, by the user, a command or a formatter. Read {path} again, then change it."
        : null;

    /// <param name="Before">The whole text; null when it is too large to be told again.</param>
    private sealed record Plan(JsonArray Hunks, string? Before, byte[]? BytesBefore, byte[] Bytes, int Replaced, bool WasTolerant);

    private static async Task<(Plan? Plan, string? Refusal)> PlanAsync(
        Workplace workplace, string path, IReadOnlyList<Change> changes, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            // An empty old_string creates the file, as models have learnt.
            return changes is [{ Old: "" } create]
                ? (new Plan(LineDiff.Hunks("", create.New), "", null, new UTF8Encoding(false).GetBytes(create.New), 1, false), null)
                : (null, Directory.Exists(path) ? $"{path} is a directory." : $"File does not exist: {path}");
        }

        var bytes = await File.ReadAllBytesAsync(path, cancellationToken);

        if (Stale(workplace, path, bytes) is { } stale)
        {
            return (null, stale);
        }

        if (changes is [var single] && LargeEdit.Make(bytes, single) is { } made)
        {
            return (new Plan(made.Hunks, null, bytes, made.After, 1, false), null);
        }

        if (TextFile.Decode(bytes) is not { } file)
        {
            return (null, $"{path} is a binary file.");
        }

        var (text, replaced, tolerant) = (file.Text, 0, false);
        var crLf = file.EndsLinesWithCrLf;

        for (var i = 0; i < changes.Count; i++)
        {
            var at = changes.Count > 1 ? $"Edit {i + 1} of {changes.Count}: " : "";
            var none = changes.Count > 1 ? " None of the edits was applied." : "";

            if (changes[i].Old.Length == 0 && text.Length > 0)
            {
                return (null, $"{at}old_string is empty, but the file is not: say what shall be replaced, or use Write.{none}");
            }

            if (changes[i].Old == changes[i].New)
            {
                return (null, $"{at}No changes to make: old_string and new_string are exactly the same.{none}");
            }

            var found = changes[i].Old.Length == 0
                ? new TextMatch.Found([(0, 0, changes[i].New)], null)
                : TextMatch.Find(text, changes[i].Old, changes[i].New, changes[i].All, crLf);

            if (found.Refusal is not null)
            {
                return (null, at + found.Refusal + none);
            }

            text = Replace(text, found.At);
            replaced += found.At.Count;
            tolerant |= found.WasTolerant;
        }

        return file.Encode(text) is { } after
            ? (new Plan(LineDiff.Hunks(file.Text, text), file.Text.Length > LongestTold ? null : file.Text, bytes, after, replaced, tolerant), null)
            : (null, $"{path} is {file.EncodingName}, which cannot say every character of new_string.");
    }

    private static string Replace(string text, IReadOnlyList<(int Start, int Length, string Replacement)> at)
    {
        if (at is [var only])
        {
            return string.Concat(text.AsSpan(0, only.Start), only.Replacement, text.AsSpan(only.Start + only.Length));
        }

        var result = new StringBuilder(text.Length + 64);
        var from = 0;

        foreach (var (start, length, replacement) in at)
        {
            result.Append(text, from, start - from).Append(replacement);
            from = start + length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    private static ToolOutput Report(string path, IReadOnlyList<Change> changes, Plan plan)
    {
        var message = new StringBuilder($"The file {path} has been updated");
        message.Append(plan.Replaced > 1 ? $" in {plan.Replaced} places." : ".");
        message.Append(plan.WasTolerant ? " The match was found apart from white space; the file's own indentation was kept." : "");
        message.Append(" It now reads:\n").Append(LineDiff.Excerpt(plan.Hunks));

        return ToolOutput.Text(message.ToString(), new JsonObject
        {
            ["filePath"] = path,
            ["oldString"] = changes[0].Old,
            ["newString"] = changes[0].New,
            ["originalFile"] = plan.Before,
            ["structuredPatch"] = plan.Hunks,
            ["userModified"] = false,
            ["replaceAll"] = changes[0].All,
        });
    }
}
