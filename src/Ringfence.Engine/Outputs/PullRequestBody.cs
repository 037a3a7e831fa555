using System.Globalization;
using System.Text;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>What a pull request says of itself: what was asked, what was checked, and how to ask the record.</summary>
internal static class PullRequestBody
{
    private const int LongestPrompt = 4000;

    public static string Of(ActiveRun run, ChangeSet changes)
    {
        var request = run.Request;
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{(request.Workflow is { } workflow ? $"Workflow `{workflow}`" : "A run")} of {request.Agent}, asked for by {Printable.Escape(request.RequestedBy)}.\n\n");

        foreach (var check in request.Done)
        {
            text.Append(CultureInfo.InvariantCulture, $"- passed in a fresh sandbox: {Code(check)}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"- {changes.Files.Count} files, {run.Run.Turns} turns, {run.Run.Cost}\n- tree `{changes.Tree}`, run `{run.Id}`, record `{run.Recorder.Head}`\n\n");
        var prompt = request.Prompt.Length <= LongestPrompt ? request.Prompt : request.Prompt[..LongestPrompt] + "…";

        // In a block of code, where nobody is mentioned, no issue is closed, and no text of others becomes markup.
        return text.Append("<details><summary>What was asked</summary>\n\n").Append(Block(prompt)).Append("\n\n</details>\n").ToString();
    }

    private static string Code(string text) => $"`` {text.ReplaceLineEndings(" ").Replace("`", "'", StringComparison.Ordinal)} ``";

    private static string Block(string text)
    {
        var fence = "```";

        while (text.Contains(fence, StringComparison.Ordinal))
        {
            fence += "`";
        }

        return $"{fence}text\n{text.Trim()}\n{fence}";
    }
}
