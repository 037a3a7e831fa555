using Ringfence.Documents;
using Ringfence.Triggers;

namespace Ringfence.Workflows;

/// <summary>Reads what starts a workflow.</summary>
internal static class WorkflowTriggerReader
{
    public static WorkflowTriggers Read(YamlMapping root, IReadOnlyList<WorkflowInput> inputs)
    {
        if (root.Mapping(WorkflowKeys.On) is not { } on)
        {
            return WorkflowTriggers.None;
        }

        var cron = on.Texts(WorkflowKeys.Cron);

        foreach (var wrong in cron.Select(CronSchedule.Parse).SelectMany(parsed => parsed.Failures))
        {
            on.Fail(WorkflowKeys.Cron.Name, wrong.Message, wrong.Hint);
        }

        var read = new WorkflowTriggers
        {
            Cron = cron,
            IssueLabel = Below(on, WorkflowKeys.Issue, below => below.Text(WorkflowKeys.IssueLabel)),
            PullRequestBranches = Below(on, WorkflowKeys.OnPullRequest, below => below.Texts(WorkflowKeys.Branches)),
            PushBranches = Below(on, WorkflowKeys.Push, below => below.Texts(WorkflowKeys.Branches)),
            Comment = Below(on, WorkflowKeys.Comment, below => below.Text(WorkflowKeys.Contains)),
        };

        foreach (var input in inputs.Where(input => input.Required))
        {
            root.Fail(WorkflowKeys.On.Name, $"Nobody is there to give the input '{input.Name}' when the workflow starts by itself.", "Give it a default, or leave out 'on'.");
        }

        on.RefuseOthers();
        return read;
    }

    private static T? Below<T>(YamlMapping on, MappingKey key, Func<YamlMapping, T?> read)
        where T : class
    {
        if (on.Mapping(key) is not { } below)
        {
            return null;
        }

        var value = read(below);
        below.RefuseOthers();
        return value;
    }
}
