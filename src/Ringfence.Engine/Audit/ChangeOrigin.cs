using System.Globalization;

namespace Ringfence.Audit;

/// <summary>What made a change, as far as the events tell.</summary>
internal sealed record ChangeOrigin(string By, string Attribution, long Seq, string? ModelCall)
{
    // Tools that write one file which their input names; what they are called differs from agent to agent.
    private static readonly string[] Writers = ["write", "edit", "patch", "replace", "create", "insert", "notebook", "update"];

    /// <summary>An agent's words about a call may reach us after the call was made, microseconds.</summary>
    private const long Hearing = 1_000_000;

    /// <summary>Null when nothing before the change names the file.</summary>
    public static ChangeOrigin? Of(IReadOnlyList<AuditEvent> events, AuditEvent change)
    {
        var changed = (FileChanged)change.Fact!;

        // The last to name it wins: what stands in the tree is what was written last.
        var before = events.TakeWhile(happened => happened.Seq < change.Seq).Reverse().ToList();

        if (before.FirstOrDefault(happened => happened.Fact is ToolCalled call && Writes(call, changed) && Brackets(before, happened, call, changed)) is { } tool)
        {
            return new($"tool {((ToolCalled)tool.Fact!).Tool}", ChangeAttribution.Inferred, tool.Seq, Call(events, tool));
        }

        if (changed.By is not null)
        {
            return new(changed.By, changed.Attribution ?? ChangeAttribution.Inferred, change.Causes.Count > 0 ? change.Causes[0] : -1, Call(events, change));
        }

        return before.FirstOrDefault(happened => happened.Fact is CommandStarted start && MayHaveMade(start, changed) && Names(start, changed)) is { } command
                ? new($"command {string.Join(' ', ((CommandStarted)command.Fact!).Arguments)}", ChangeAttribution.Inferred, command.Seq, Call(events, command))
            : changed.Candidates is { } several ? new($"one of {string.Join(", ", several)}", ChangeAttribution.Window, -1, Call(events, change))
            : null;
    }

    private static bool Writes(ToolCalled call, FileChanged changed) =>
        Writers.Any(word => call.Tool.Contains(word, StringComparison.OrdinalIgnoreCase)) && call.Input.Contains(changed.Path, StringComparison.Ordinal);

    /// <summary>Where the time of the change is known, a tool that had not been called yet or had returned before cannot have made it.</summary>
    private static bool Brackets(List<AuditEvent> before, AuditEvent called, ToolCalled call, FileChanged changed)
    {
        var returned = before.Find(happened => happened.Fact is ToolReturned answer && answer.CallId == call.CallId);

        return changed.ChangedAt == 0
            || (called.AtMicroseconds - Hearing <= changed.ChangedAt && (returned is null || changed.ChangedAt <= returned.AtMicroseconds));
    }

    private static bool MayHaveMade(CommandStarted start, FileChanged changed) =>
        changed.Candidates is null
        || changed.Candidates.Any(one => one.EndsWith(string.Create(CultureInfo.InvariantCulture, $"(command {start.Command} of {start.Sandbox})"), StringComparison.Ordinal));

    private static bool Names(CommandStarted start, FileChanged changed) =>
        start.Arguments.Any(argument => argument.Contains(changed.Path[(changed.Path.LastIndexOf('/') + 1)..], StringComparison.Ordinal));

    private static string? Call(IReadOnlyList<AuditEvent> events, AuditEvent at) =>
        events.LastOrDefault(happened => happened.Seq < at.Seq && happened.Type == "model.request") is { Fact: ModelRequested request } asked
            ? $"turn {asked.Turn}, {request.ModelUsed}, event {asked.Seq}"
            : null;
}
