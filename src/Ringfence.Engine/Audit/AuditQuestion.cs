using System.Globalization;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>How a value stands in an event.</summary>
internal enum ColumnKind
{
    Text,
    Integer,
    Flag,
}

/// <param name="Path">Keys from the event's root, separated by blanks.</param>
internal sealed record AuditColumn(string Name, string Path, ColumnKind Kind = ColumnKind.Text);

/// <summary>
/// A kind of fact that people ask for: which events it is about, under which words they are found, and what is shown of them. Every question is one of
/// these with filters, so that each goes by an index and none by a search through events.
/// </summary>
internal sealed record AuditQuestion(string Name, IReadOnlyList<string> Types, IReadOnlyList<string> Kinds, IReadOnlyList<AuditColumn> Columns)
{
    private static readonly AuditColumn At = new("at_us", "at_us", ColumnKind.Integer);

    public static AuditQuestion Files { get; } = new("files", ["file.changed"], [TermKinds.Path],
    [
        new("path", "data path"), new("operation", "data operation"), new("before_oid", "data before_oid"), new("after_oid", "data after_oid"),
        new("lines_added", "data lines_added", ColumnKind.Integer), new("lines_removed", "data lines_removed", ColumnKind.Integer),
        new("changed_by", "data by"), new("attribution", "data attribution"),
    ]);

    public static AuditQuestion Reads { get; } = new("reads", ["file.read"], [TermKinds.Read],
        [new("path", "data path"), new("digest", "data digest"), new("read_by", "data by")]);

    public static AuditQuestion Commands { get; } = new("commands", ["command.started"], [TermKinds.Program],
    [
        new("program", "data executable"), new("arguments", "data arguments"), new("working_directory", "data working_directory"),
        new("sandbox", "data sandbox"), new("command", "data command", ColumnKind.Integer), new("parent", "data parent", ColumnKind.Integer),
    ]);

    public static AuditQuestion FailedCommands { get; } = new("failed commands", ["command.finished"], [TermKinds.FailedProgram],
    [
        new("exit_code", "data exit_code", ColumnKind.Integer), new("signal", "data signal", ColumnKind.Integer), new("sandbox", "data sandbox"),
        new("command", "data command", ColumnKind.Integer), new("duration_us", "data duration_microseconds", ColumnKind.Integer),
    ]);

    public static AuditQuestion Network { get; } = new("network", ["net.connection"], [TermKinds.Host, TermKinds.DeniedHost],
    [
        new("host", "data host"), new("port", "data port", ColumnKind.Integer), new("allowed", "data allowed", ColumnKind.Flag),
        new("reason", "data reason"), new("rule", "data rule"), new("bytes_up", "data bytes_up", ColumnKind.Integer),
        new("bytes_down", "data bytes_down", ColumnKind.Integer),
    ]);

    public static AuditQuestion Secrets { get; } = new("secrets", ["secret.used", "secret.leak_blocked"], [TermKinds.Secret],
        [new("secret", "data name"), new("type", "type"), new("host", "data host"), new("header", "data header"), new("place", "data where")]);

    public static AuditQuestion Approvals { get; } = new(
        "approvals", ["approval.requested", "approval.decided", "approval.voided", "approval.expired"], [TermKinds.Digest],
    [
        new("digest", "data digest"), new("type", "type"), new("kind", "data kind"), new("decision", "data decision"), new("decided_by", "data by"),
        new("authenticated_by", "data authenticated_by"), new("channel", "data channel"), new("comment", "data comment"),
    ]);

    public static AuditQuestion Gates { get; } = new("gates", ["gate.finding", "gate.waived"], [TermKinds.Gate],
    [
        new("gate", "data gate"), new("type", "type"), new("severity", "data severity"), new("place", "data place"), new("evidence", "data evidence"),
        new("waived_by", "data by"), new("reason", "data reason"),
    ]);

    public static AuditQuestion Context { get; } = new("context", ["context.changed"], [TermKinds.Type],
    [
        new("kind", "data kind"), new("tokens_before", "data tokens_before", ColumnKind.Integer),
        new("tokens_after", "data tokens_after", ColumnKind.Integer), new("dropped", "data dropped_digests"),
    ]);

    public static AuditQuestion Checks { get; } = new("checks", ["verification.finished"], [TermKinds.Type],
    [
        new("command", "data command"), new("passed", "data passed", ColumnKind.Flag), new("exit_code", "data exit_code", ColumnKind.Integer),
        new("tree", "data tree"), new("attempt", "data attempt", ColumnKind.Integer),
    ]);

    public static AuditQuestion Commits { get; } = new("commits", ["commit.created", "branch.created", "pull_request.opened"], [TermKinds.Commit],
        [new("commit", "data commit"), new("type", "type"), new("branch", "data branch"), new("url", "data url"), new("tree", "data tree")]);

    public static AuditQuestion Budget { get; } = new(
        "budget", ["budget.denied", "budget.killed", "budget.frozen", "budget.threshold"], [TermKinds.Scope],
        [new("scope", "data scope"), new("type", "type"), new("code", "data code"), new("by", "data by"), new("percent", "data percent", ColumnKind.Integer)]);

    /// <summary>All columns as they come back: where, when, then the question's own.</summary>
    public IReadOnlyList<string> ColumnNames => ["run", "workflow", "seq", "at_us", .. Columns.Select(column => column.Name)];

    /// <summary>Which types are found by their own name when nothing else is asked: those of which a run has few.</summary>
    public bool IsRare => !Types.Any(type => type is "file.changed" or "file.read" or "command.started" or "command.finished" or "net.connection");

    public string Select(Dialect dialect) =>
        $"select c.run, r.workflow, e.seq, {string.Join(", ", Columns.Prepend(At).Select(column => Expression(dialect, column)))}";

    public static string Expression(Dialect dialect, AuditColumn column)
    {
        var text = dialect.JsonText("e.body", column.Path.Split(' '));

        return column.Kind switch
        {
            ColumnKind.Integer => string.Create(CultureInfo.InvariantCulture, $"cast({text} as bigint)"),
            ColumnKind.Flag => $"cast({text} as text)",
            _ => text,
        };
    }
}
