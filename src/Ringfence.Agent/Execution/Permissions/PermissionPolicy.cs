using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Permissions;

internal enum PermissionMode
{
    Default,
    AcceptEdits,
    BypassPermissions,
    DontAsk,
    Plan,
}

internal enum Verdict
{
    Allow,
    Ask,
    Deny,
}

/// <param name="ReasonType"><c>rule</c>, <c>mode</c>, <c>subcommandResults</c>, <c>hook</c>, <c>workingDir</c> or <c>other</c>, as Claude Code names them.</param>
/// <param name="Reason">For people and for the model.</param>
internal sealed record PermissionDecision(Verdict Verdict, string ReasonType, string Reason);

/// <summary>Decides what a tool may do: deny over ask over allow, then the mode. Pure but for looking where symbolic links lead.</summary>
internal sealed class PermissionPolicy
{
    private static readonly string Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static readonly HashSet<string> EditingCommands = new(StringComparer.Ordinal) { "mkdir", "touch", "mv", "cp", "rm", "rmdir", "sed" };

    public List<PermissionRule> Allow { get; } = [];

    public List<PermissionRule> Ask { get; } = [];

    public List<PermissionRule> Deny { get; } = [];

    public PermissionMode Mode { get; set; }

    public PermissionDecision Decide(string tool, ToolSubject subject, Workplace workplace)
    {
        var command = subject.Kind == ToolKind.Command ? ShellCommand.Parse(subject.Target) : null;

        if (First(Deny, tool, subject, command, workplace) is { } denied)
        {
            return new PermissionDecision(Verdict.Deny, "rule", $"Permission to use {tool} has been denied by the rule {denied.Text}.");
        }

        if (First(Ask, tool, subject, command, workplace) is { } asked)
        {
            return new PermissionDecision(Verdict.Ask, "rule", $"The rule {asked.Text} asks for permission to use {tool}.");
        }

        if (Mode == PermissionMode.BypassPermissions)
        {
            return new PermissionDecision(Verdict.Allow, "mode", "Permissions are bypassed.");
        }

        if (Allowed(tool, subject, command, workplace) is { } allowed)
        {
            return new PermissionDecision(Verdict.Allow, command is { Parts.Count: > 1 } ? "subcommandResults" : "rule", $"Allowed by the rule {allowed}.");
        }

        return ByMode(tool, subject, command, workplace);
    }

    private PermissionDecision ByMode(string tool, ToolSubject subject, ShellCommand? command, Workplace workplace)
    {
        switch (subject.Kind)
        {
            case ToolKind.Internal:
                return new PermissionDecision(Verdict.Allow, "other", "Touches nothing.");

            case ToolKind.Read when workplace.Contains(subject.Target) || workplace.IsOwnOutput(subject.Target):
                return new PermissionDecision(Verdict.Allow, "workingDir", "Reads within the working directory.");

            case ToolKind.Command when ReadOnlyCommands.Includes(command!, workplace):
                return new PermissionDecision(Verdict.Allow, "other", "Only looks.");

            case ToolKind.Edit when Mode == PermissionMode.AcceptEdits && MayEdit(subject.Target, workplace):
            case ToolKind.Command when Mode == PermissionMode.AcceptEdits && OnlyEdits(command!, workplace):
                return new PermissionDecision(Verdict.Allow, "mode", "Edits are accepted.");
        }

        if (Mode == PermissionMode.Plan)
        {
            return new PermissionDecision(Verdict.Deny, "mode", $"{tool} may not be used in plan mode: nothing is changed until the plan is approved.");
        }

        if (Mode == PermissionMode.DontAsk)
        {
            return new PermissionDecision(Verdict.Deny, "mode", $"Permission to use {tool} has been denied because no rule allows it and nobody is asked (dontAsk).");
        }

        return command is { Parts.Count: > 1 }
            ? new PermissionDecision(Verdict.Ask, "subcommandResults", $"This {tool} command contains multiple operations. The following parts require approval: {string.Join(", ", Unallowed(command, workplace))}")
            : new PermissionDecision(Verdict.Ask, subject.Kind is ToolKind.Read ? "workingDir" : "mode", subject.Kind switch
            {
                ToolKind.Edit => $"Requested permission to write to {subject.Target}, but it has not been granted yet.",
                ToolKind.Read => $"Requested permission to read from {subject.Target}, but it has not been granted yet.",
                _ => $"Requested permission to use {tool}, but it has not been granted yet.",
            });
    }

    private static PermissionRule? First(List<PermissionRule> rules, string tool, ToolSubject subject, ShellCommand? command, Workplace workplace)
    {
        foreach (var rule in rules)
        {
            // What is forbidden to read through Read is forbidden to be edited unseen; the command line as a whole counts, too.
            if (rule.Covers(tool, subject.Kind) && (subject.Kind switch
            {
                ToolKind.Command => rule.Specifier is null || rule.MatchesCommand(subject.Target.Trim(), strict: true) || command!.Parts.Any(p => rule.MatchesCommand(p, strict: true)),
                ToolKind.Read or ToolKind.Edit => rule.MatchesPath(subject.Target, workplace.Root, Home) || rule.MatchesPath(RealPath.Of(subject.Target), RealPath.Of(workplace.Root), Home),
                ToolKind.Fetch => rule.MatchesHost(subject.Target),
                _ => rule.Specifier is null || rule.Specifier == subject.Target,
            }))
            {
                return rule;
            }
        }

        return null;
    }

    /// <summary>The text of the rule that allows, or null. Of a command line every part must be allowed.</summary>
    private string? Allowed(string tool, ToolSubject subject, ShellCommand? command, Workplace workplace)
    {
        if (command is null)
        {
            return Allow.FirstOrDefault(r => r.Covers(tool, subject.Kind) && subject.Kind switch
            {
                ToolKind.Read or ToolKind.Edit => r.MatchesPath(RealPath.Of(subject.Target), RealPath.Of(workplace.Root), Home),
                ToolKind.Fetch => r.MatchesHost(subject.Target),
                _ => r.Specifier is null || r.Specifier == subject.Target,
            })?.Text;
        }

        var rules = Allow.Where(r => r.Covers(tool, subject.Kind)).ToArray();

        if (rules.FirstOrDefault(r => r.Specifier is null || r.Specifier == subject.Target) is { } whole)
        {
            return whole.Text;
        }

        return rules.Length > 0 && command.Parts.Count > 0 && !command.IsOpaque && !Unallowed(command, workplace).Any()
            && command.Writes.All(w => w == "/dev/null" || workplace.Contains(workplace.Resolve(w)))
                ? string.Join(", ", rules.Select(r => r.Text)) : null;
    }

    private IEnumerable<string> Unallowed(ShellCommand command, Workplace workplace) =>
        command.Parts.Where(p => !Allow.Any(r => r.Covers("Bash", ToolKind.Command) && r.MatchesCommand(p, strict: false))
            && !ReadOnlyCommands.Includes(ShellCommand.Parse(p), workplace));

    // Version control and the settings decide what runs later: changing those is more than an edit.
    private static bool MayEdit(string path, Workplace workplace)
    {
        var real = RealPath.Of(path);
        return workplace.Contains(real) && !real.Split('/').Any(s => s is ".git" or ".claude" or ".vscode" or ".idea");
    }

    private static bool OnlyEdits(ShellCommand command, Workplace workplace) =>
        !command.IsOpaque && command.Parts.Count > 0 && command.Writes.All(w => w == "/dev/null" || MayEdit(workplace.Resolve(w), workplace))
        && command.Parts.All(p =>
        {
            var words = p.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return EditingCommands.Contains(words[0]) && words.Skip(1).All(w => w.StartsWith('-') || MayEdit(workplace.Resolve(w.Trim('"', '\'')), workplace));
        });
}
