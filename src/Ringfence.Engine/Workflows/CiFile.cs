namespace Ringfence.Workflows;

/// <summary>The CI file that runs a workflow: on every pull or merge request when it reads a change, else by hand and, where that makes sense, on schedule.</summary>
internal static class CiFile
{
    public static SetupFile GitHub(WorkflowTemplate template, string topLevel) => new(
        Path.Combine(topLevel, ".github", "workflows", $"ringfence-{template.Name}.yml"),
        WorkflowTemplate.Companion(
            "github.yml",
            ("workflow", template.Name),
            ("when", template switch
            {
                { ReadsChange: true } => "pull_request:",
                { Name: "update-dependencies" } => "workflow_dispatch:\n  schedule: [{ cron: \"0 5 * * 1\" }]",
                _ => "workflow_dispatch:\n    inputs: { prompt: { description: \"What is meant in particular\" } }",
            }),
            ("prompt", template switch
            {
                { ReadsChange: true } => "\"The change is: git diff ${{ github.event.pull_request.base.sha }} HEAD\"",
                { Name: "update-dependencies" } => "\"\"",
                _ => "${{ inputs.prompt }}",
            })));

    public static SetupFile GitLab(WorkflowTemplate template, string topLevel)
    {
        var path = $".gitlab/ringfence-{template.Name}.yml";
        return new SetupFile(
            Path.Combine(topLevel, path),
            WorkflowTemplate.Companion(
                "gitlab.yml",
                ("workflow", template.Name),
                ("path", path),
                ("when", template.ReadsChange ? "'$CI_PIPELINE_SOURCE == \"merge_request_event\"'" : "'$CI_PIPELINE_SOURCE == \"web\" || $CI_PIPELINE_SOURCE == \"schedule\"'"),
                ("prompt", template.ReadsChange ? "\"The change is: git diff $CI_MERGE_REQUEST_DIFF_BASE_SHA HEAD\"" : "${RINGFENCE_PROMPT:-}")));
    }
}
