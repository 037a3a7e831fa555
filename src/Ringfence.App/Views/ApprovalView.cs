using System.Text.Json;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.Approvals;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Views;

/// <summary>An approval as <c>--json</c> shows it. <see cref="Shown"/> is the text that the digest is over.</summary>
internal sealed record ApprovalJsonView(
    string Id, string Run, ApprovalKind Kind, string Digest, ApprovalStatus Status, string Shown, string RequestedBy, DateTimeOffset RequestedAt,
    DateTimeOffset ExpiresAt, IReadOnlyList<ApprovalNeed> Needs, IReadOnlyList<ApprovalAnswer> Answers)
{
    public static ApprovalJsonView Of(Approval approval) => new(
        approval.Id, approval.Run.Value, approval.Kind, approval.Digest, approval.Status, approval.Shown, approval.RequestedBy, approval.RequestedAt,
        approval.ExpiresAt, approval.Needs, approval.Answers);
}

/// <summary>What a person sees before they answer: everything that the digest is over, in words.</summary>
internal static class ApprovalView
{
    public static void WriteList(Terminal terminal, IReadOnlyList<Approval> waiting, bool json)
    {
        if (json)
        {
            terminal.WriteJson([.. waiting.Select(ApprovalJsonView.Of)], AppJson.Default.IReadOnlyListApprovalJsonView);
            return;
        }

        foreach (var approval in waiting)
        {
            terminal.WriteText($"{approval.Run}  {Name(approval.Kind),-8} asked by {Printable.EscapeLines(approval.RequestedBy)}, until {approval.ExpiresAt:yyyy-MM-dd HH:mm}Z  {approval.Digest[..12]}");
        }

        if (waiting.Count == 0)
        {
            terminal.WriteLine("Nothing waits for an answer.");
        }
    }

    public static void WriteDecided(Terminal terminal, Approval approval, bool json)
    {
        if (json)
        {
            terminal.WriteJson(ApprovalJsonView.Of(approval), AppJson.Default.ApprovalJsonView);
            return;
        }

        terminal.WriteLine(approval.Status switch
        {
            ApprovalStatus.Approved => $"The {Name(approval.Kind)} of run {approval.Run} is approved. Whoever runs it goes on from there: `ringfence serve`, or the terminal it was started in.",
            ApprovalStatus.Rejected => $"The {Name(approval.Kind)} of run {approval.Run} is rejected.",
            _ => $"Your answer is on the record. {Missing(approval)}",
        });
    }

    public static async Task<int> WriteAsync(Terminal terminal, Home home, Run run, Approval approval, bool json, CancellationToken cancellationToken)
    {
        if (json)
        {
            terminal.WriteJson(ApprovalJsonView.Of(approval), AppJson.Default.ApprovalJsonView);
            return ExitCodes.Done;
        }

        terminal.WriteLine(terminal.Paint($"Run {approval.Run}: {Name(approval.Kind)}, {approval.Status.ToString().ToLowerInvariant()}", Ansi.Bold));
        terminal.WriteLine($"  asked by {Printable.EscapeLines(approval.RequestedBy)} on {approval.RequestedAt:yyyy-MM-dd HH:mm}Z, until {approval.ExpiresAt:yyyy-MM-dd HH:mm}Z");
        using var shown = JsonDocument.Parse(approval.Shown);

        foreach (var field in shown.RootElement.EnumerateObject().Where(field => field.Name is not ("kind" or "run")))
        {
            Write(terminal, field);
        }

        if (approval.Kind == ApprovalKind.Diff && !await WriteDiffAsync(terminal, home, run, shown.RootElement.GetProperty("change_digest").GetString()!, cancellationToken))
        {
            return ExitCodes.BadInput;
        }

        foreach (var answer in approval.Answers)
        {
            terminal.WriteLine($"  {(answer.Approves ? terminal.Paint("yes", Ansi.Green) : terminal.Paint("no", Ansi.Red))}      {Printable.EscapeLines($"{answer.By} {answer.Comment}")}");
        }

        terminal.WriteLine();
        terminal.WriteLine($"  digest   {approval.Digest}");

        if (approval.Status == ApprovalStatus.Pending)
        {
            terminal.WriteLine($"  {Missing(approval)}");
            terminal.WriteLine($"  ringfence approve {approval.Run} --yes {approval.Digest}");
            terminal.WriteLine($"  ringfence reject {approval.Run} --digest {approval.Digest} --reason \"…\"");
        }

        return ExitCodes.Done;
    }

    private static void Write(Terminal terminal, JsonProperty field)
    {
        var name = field.Name.Replace("_nano", "", StringComparison.Ordinal).Replace('_', ' ');
        string[] lines = field.Value.ValueKind switch
        {
            JsonValueKind.Array => [.. field.Value.EnumerateArray().Select(item => item.GetString() ?? "")],
            JsonValueKind.Number when field.Name.EndsWith("_nano", StringComparison.Ordinal) => [new Money(field.Value.GetInt64()).ToString()],
            _ => (field.Value.GetString() ?? "").ReplaceLineEndings("\n").Split('\n'),
        };

        for (var i = 0; i < lines.Length; i++)
        {
            terminal.WriteLine($"  {(i == 0 ? name : ""),-14} {Printable.EscapeLines(lines[i])}");
        }
    }

    /// <summary>The diff itself, when what is on disk is what the digest is over; else nothing is shown that could be taken for it.</summary>
    private static async Task<bool> WriteDiffAsync(Terminal terminal, Home home, Run run, string changeDigest, CancellationToken cancellationToken)
    {
        if (!(await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why))
        {
            terminal.WriteFailures([.. why, new Failure("diff_elsewhere", "The diff cannot be shown here.", "Look at it on the machine that has the run.")]);
            return false;
        }

        if (found.Changes.Digest != changeDigest)
        {
            terminal.WriteFailures([new Failure("digest_differs", "What is on disk is not what was asked about any more.", "Reject it: nothing else can be known of it.")]);
            return false;
        }

        terminal.WriteLine();
        await terminal.Output.FlushAsync(cancellationToken);
        await using var output = Console.OpenStandardOutput();
        await found.Workspace.WriteDiffAsync(found.Changes, output, terminal.ColorOutput ? DiffFormat.Color : DiffFormat.Text, cancellationToken);
        return true;
    }

    private static string Missing(Approval approval)
    {
        var yes = approval.Answers.Where(answer => answer.Approves).Select(answer => answer.By).ToList();
        var missing = approval.Needs.Select(need => (need, Count: need.Count - yes.Count(need.Counts))).Where(open => open.Count > 0)
            .Select(open => $"{open.Count} of {(open.need.From.Count == 0 ? "those who may approve" : string.Join(", ", open.need.From))}");
        return "Still needed: " + string.Join("; ", missing);
    }

    private static string Name(ApprovalKind kind) => kind.ToString().ToLowerInvariant();
}
