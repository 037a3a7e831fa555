namespace Ringfence.Audit;

/// <summary>What made a change, as far as the events tell.</summary>
internal sealed record ChangeOrigin(string By, string Attribution, long Seq, string? ModelCall)
{
    // Tools that write one file which their input names; what they are called differs from agent to agent.
    private static readonly string[] Writers = ["write", "edit", "patch", "replace", "create", "insert", "notebook", "update"];

    /// <summary>Null when nothing before the change names the file.</summary>
    public static ChangeOrigin? Of(IReadOnlyList<AuditEvent> events, AuditEvent change)
    {
        var changed = (FileChanged)change.Fact!;

        if (changed.By is not null)
        {
            return new(changed.By, changed.Attribution ?? "inferred", change.Causes.Count > 0 ? change.Causes[0] : -1, Call(events, change));
        }

        // The last to name it wins: what stands in the tree is what was written last.
        var before = events.TakeWhile(happened => happened.Seq < change.Seq).Reverse().ToList();
        var name = changed.Path[(changed.Path.LastIndexOf('/') + 1)..];

        return before.FirstOrDefault(happened => happened.Fact is ToolCalled call && Writes(call) && call.Input.Contains(changed.Path, StringComparison.Ordinal)) is { } tool
                ? new($"tool {((ToolCalled)tool.Fact!).Tool}", "inferred", tool.Seq, Call(events, tool))
            : before.FirstOrDefault(happened => happened.Fact is CommandStarted start && start.Arguments.Any(a => a.Contains(name, StringComparison.Ordinal))) is { } command
                ? new($"command {string.Join(' ', ((CommandStarted)command.Fact!).Arguments)}", "inferred", command.Seq, Call(events, command))
            : null;
    }

    private static bool Writes(ToolCalled call) => Writers.Any(word => call.Tool.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static string? Call(IReadOnlyList<AuditEvent> events, AuditEvent at) =>
        events.LastOrDefault(happened => happened.Seq < at.Seq && happened.Type == "model.request") is { Fact: ModelRequested request } asked
            ? $"turn {asked.Turn}, {request.ModelUsed}, event {asked.Seq}"
            : null;
}
