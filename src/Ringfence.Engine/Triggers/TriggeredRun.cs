using System.Globalization;
using Ringfence.Runs;
using Ringfence.Workflows;

namespace Ringfence.Triggers;

/// <summary>The run that an event asks for.</summary>
internal static class TriggeredRun
{
    private const int LongestText = 20_000;

    /// <param name="approvedBy">Who let the event in; asked for the run then.</param>
    public static Result<RunRequest> Of(TriggerSource source, Workflow workflow, TriggerEvent happened, string? approvedBy, ServerPolicy policy)
    {
        var asked = new RunRequest
        {
            Prompt = "",
            Repository = source.Repository,
            Ref = happened.Ref,
            RequestedBy = approvedBy ?? $"trigger:{source.Name}",
            TriggerAuthor = happened.Author.Length > 0 ? source.Person(happened.Author) : null,

            // Whoever proposes a change does not tell the agent how to behave.
            ConfigurationFrom = happened.Kind is TriggerKind.PullRequest ? happened.Branch : null,
        };

        return WorkflowRun.Of(workflow, CompiledWorkflow.Digest(workflow), asked, new RunOverrides()).Succeeded(out var request, out var why)
            ? policy.Apply(request with { Prompt = Prompt(request.Prompt, happened) })
            : Result.Fail<RunRequest>(why);
    }

    /// <summary>The workflow's words, and below them those of the event, marked as somebody else's.</summary>
    private static string Prompt(string prompt, TriggerEvent happened)
    {
        if (happened.Kind is TriggerKind.Cron)
        {
            return prompt;
        }

        var what = happened.Kind switch { TriggerKind.Issue => "issue", TriggerKind.PullRequest => "pull request", TriggerKind.Push => "push", _ => "comment" };
        var head = string.Create(CultureInfo.InvariantCulture, $"{what}{(happened.Number > 0 ? $" #{happened.Number}" : "")} by {happened.Author}{(happened.Branch is { } branch ? $", branch {branch}" : "")}\n{happened.Url}\n{happened.Title}\n\n{happened.Body}");

        // Characters that no person sees could say to the model what no reviewer reads.
        var text = Printable.EscapeLines((head.Length <= LongestText ? head : head[..LongestText] + "\n(cut)").ReplaceLineEndings("\n").Replace('\t', ' ')).Trim();
        return PromptTemplate.Append(prompt, what.Replace(' ', '-'), text);
    }
}
