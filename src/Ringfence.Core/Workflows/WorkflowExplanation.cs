using Ringfence.Agents;
using Ringfence.Approvals;
using Ringfence.Runs;

namespace Ringfence.Workflows;

/// <summary>What a workflow can do, in plain words, for whoever has to agree to it.</summary>
public static class WorkflowExplanation
{
    public static IEnumerable<(string Topic, string Says)> Of(Workflow workflow, AgentDescription agent)
    {
        var defaults = new RunLimits();
        var limits = workflow.Limits;

        yield return ("agent", workflow.Model is { } model ? $"{workflow.Agent} with {model}" : workflow.Agent);
        foreach (var start in Starts(workflow.On))
        {
            yield return ("starts", start);
        }

        yield return ("spends", $"at most {limits.Cost ?? defaults.Cost} a run, {limits.Turns ?? defaults.Turns} turns, {Duration.Show(limits.Time ?? defaults.Time)}"
            + (limits.CostPerDay is { } day ? $"; at most {day} a day for all its runs" : ""));
        string[] hosts = [.. workflow.Network, .. workflow.Presets.Select(preset => $"your {preset} registries")];
        yield return ("reaches", hosts.Length == 0 ? "no host but the model gateway" : $"the model gateway and {string.Join(", ", hosts)}");

        foreach (var secret in workflow.Secrets)
        {
            yield return ("secret", $"{secret.Name} goes to {secret.Host} in the header {secret.Header}, added at the door; the agent never has it");
        }

        foreach (var input in workflow.Inputs)
        {
            yield return ("input", Says(input));
        }

        foreach (var rule in workflow.Tools.Denials())
        {
            yield return ("denied", $"{rule}: {(agent.Takes(rule) ? "the agent's own rule, and " : "")}{rule.Boundary ?? "nothing else"}");
        }

        if (workflow.Tools.Allow.Count > 0)
        {
            yield return ("tools", $"only {string.Join(", ", workflow.Tools.Allow)}: the agent's own rule and nothing else");
        }

        if (workflow.Context.Include.Count > 0)
        {
            yield return ("sees", $"only {string.Join(", ", workflow.Context.Include)}; the checks see every file");
        }

        if (workflow.Context.Exclude.Count > 0)
        {
            yield return ("not shown", $"{string.Join(", ", workflow.Context.Exclude)}: no such file is in its workspace, and none may be changed; what git's history holds can still be read there");
        }

        yield return ("changes", workflow.Constraints.Write.Count == 0 ? "any file of the repository" : string.Join(", ", workflow.Constraints.Write));

        if (workflow.Constraints.Never.Count > 0)
        {
            yield return ("never", string.Join(", ", workflow.Constraints.Never));
        }

        if (Size(workflow.Constraints) is { } size)
        {
            yield return ("size", size);
        }

        if (workflow.Pins.Count > 0)
        {
            yield return ("pins", $"{string.Join(", ", workflow.Pins)}: looked for in every request to the model; the record says when it is missing");
        }

        yield return ("tests", workflow.Constraints.Tests == "keep" ? "none may be deleted, skipped or weakened" : "may change");
        yield return ("packages", workflow.Constraints.Dependencies switch { "none" => "none may be added", "ask" => "a new one is shown to whoever reviews", _ => "may be added" });
        yield return ("done when", workflow.Done.Count == 0
            ? "the agent says so: no check is run"
            : $"{string.Join(" and ", workflow.Done.Select(check => $"`{check}`"))} pass in a fresh sandbox; at most {workflow.Attempts} attempts");
        foreach (var rule in workflow.Approve)
        {
            yield return ("approval", Says(rule, limits.Cost ?? defaults.Cost));
        }

        if (workflow.Slack is { } channel)
        {
            yield return ("tells", $"{channel} when it waits, fails or is done");
        }

        yield return ("gives", workflow.Output switch
        {
            Outputs.OutputKind.PullRequest => Says(workflow.PullRequest),
            Outputs.OutputKind.Branch => "a branch in the repository, never a push",
            Outputs.OutputKind.Patch => "a patch file",
            _ => "nothing outside the store",
        });
    }

    private static string Says(Outputs.PullRequestTerms terms) =>
        $"a {(terms.Draft ? "draft " : "")}pull request to {terms.Base ?? "the default branch"}, opened by the host with its own token"
        + (terms.Labels.Count > 0 ? $", labelled {string.Join(", ", terms.Labels)}" : "") + (terms.Reviewers.Count > 0 ? $", for {string.Join(", ", terms.Reviewers)} to review" : "");

    private static IEnumerable<string> Starts(Triggers.WorkflowTriggers on)
    {
        foreach (var cron in on.Cron)
        {
            yield return $"by the clock: {cron}; a time that was missed is made up for once, within an hour";
        }

        if (on.IssueLabel is { } label)
        {
            yield return $"when an issue gets the label {label}";
        }

        if (on.PullRequestBranches is { } targets)
        {
            yield return $"when a pull request{(targets.Count > 0 ? $" to {string.Join(" or ", targets)}" : "")} is opened or changed; its author does not tell the agent how to behave";
        }

        if (on.PushBranches is { } pushed)
        {
            yield return $"when {(pushed.Count > 0 ? string.Join(" or ", pushed) : "a branch")} is pushed to";
        }

        if (on.Comment is { } comment)
        {
            yield return $"when a comment contains {comment}";
        }

        if (on.IssueLabel is not null || on.PullRequestBranches is not null || on.Comment is not null)
        {
            yield return "on the word of members of the repository; for others somebody must let it in first";
        }
    }

    private static string Says(WorkflowInput input)
    {
        var kind = input.Type switch
        {
            InputType.Number => "a number",
            InputType.Boolean => "true or false",
            InputType.Choice => $"one of {string.Join(", ", input.Choices)}",
            _ => input.Pattern is { } pattern ? $"text that matches {pattern}, marked as somebody else's words" : "any text, marked as somebody else's words",
        };
        return $"{input.Name}: {kind}; {(input.Required ? "must be given" : $"else {(input.Default is { } value ? $"'{value}'" : "empty")}")}{(input.Description is { } says ? $" ({says})" : "")}";
    }

    private static string Says(ApprovalRule rule, Money cost)
    {
        var what = rule.Kind switch
        {
            ApprovalKind.Plan => "the plan is shown before anything is changed",
            ApprovalKind.Network => "hosts that were refused can be asked for",
            ApprovalKind.Budget => $"{rule.Raise ?? cost} more can be asked for when the money is used up",
            _ => "the change is shown before it leaves",
        };
        var who = rule.From.Count == 0 ? "anyone who may approve and did not ask for it" : string.Join(" or ", rule.From);
        var when = rule.Paths.Count == 0 ? "" : $", when {string.Join(" or ", rule.Paths)} changed";
        return $"{what}{when}: {rule.Count} of {who} must agree within {Duration.Show(rule.Within)}";
    }

    private static string? Size(WorkflowConstraints constraints) => (constraints.MaxFiles, constraints.MaxLines) switch
    {
        ({ } files, { } lines) => $"at most {files} files and {lines} lines",
        ({ } files, null) => $"at most {files} files",
        (null, { } lines) => $"at most {lines} lines",
        _ => null,
    };
}
