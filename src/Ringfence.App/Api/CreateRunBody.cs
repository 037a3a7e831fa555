using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Ringfence.Notifications;

namespace Ringfence.App.Api;

/// <summary>The body of <c>POST /v1/runs</c>. What it leaves out comes from the template, if it names one.</summary>
internal sealed partial record CreateRunBody
{
    [Description("owner/repo on the server's code host, a URL with https or ssh, or a path below one of the server's repository roots.")]
    [Required, StringLength(2048, MinimumLength = 1)]
    public string? Repo { get; init; }

    [Description("Branch, tag or commit to start from. Default: the repository's HEAD.")]
    [StringLength(1024, MinimumLength = 1)]
    public string? Branch { get; init; }

    [Description("What the agent is told. With a workflow it may be left out, and comes after the workflow's own words.")]
    [StringLength(50_000, MinimumLength = 1)]
    public string? Prompt { get; init; }

    [Description("Name of a workflow of the repository: .ringfence/workflows/NAME.md or .yaml at its HEAD. The rest of the body may only narrow it.")]
    [StringLength(64, MinimumLength = 1), RegularExpression("^[A-Za-z0-9][A-Za-z0-9_.-]*$", ErrorMessage = "the name of a workflow, without its folder.")]
    public string? Workflow { get; init; }

    [Description("Values for the workflow's inputs.")]
    [Inputs]
    public IReadOnlyDictionary<string, string>? Inputs { get; init; }

    [Description("Slug of a template.")]
    [RegularExpression(CreateTemplateBody.SlugForm, ErrorMessage = "a slug: lower-case letters, digits and hyphens."), StringLength(64, MinimumLength = 2)]
    public string? Template { get; init; }

    [Description("A model id, or one of sonnet, opus, haiku.")]
    [StringLength(200, MinimumLength = 1)]
    public string? Model { get; init; }

    public GuardrailsBody? Guardrails { get; init; }

    [Description("Variables inside the sandboxes. They are on the record: no secrets.")]
    [Variables]
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    [Description("s: 1 CPU, 2 GB memory, 5 GB disk; m: 2, 4, 10; l: 4, 8, 20.")]
    [AllowedValues("s", "m", "l")]
    public string? Size { get; init; }

    [Description("Name of an agent description.")]
    [StringLength(64, MinimumLength = 1)]
    public string? Agent { get; init; }

    [Description("Done-when checks: command lines that the platform runs in a fresh sandbox.")]
    [Texts(50, 10_000)]
    public IReadOnlyList<string>? Done { get; init; }

    [Description("How often the agent may try until the checks pass.")]
    [Range(1, 10)]
    public int? Attempts { get; init; }

    [Description("Hosts that may be reached; none by default.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? Network { get; init; }

    [Description("Rules over the agent's tools that deny, such as Bash(git push:*), Edit(legacy/**) or WebFetch. One that nothing would enforce is refused when the run starts.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? DeniedTools { get; init; }

    [Description("Globs of files that the agent is not shown and may not change.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? Hidden { get; init; }

    public ConstraintsBody? Constraints { get; init; }

    public SetupBody? Setup { get; init; }

    [Description("False hides the repository's own agent configuration from the agent.")]
    public bool? RepoConfig { get; init; }

    [Description("Revision whose agent configuration counts instead of the commit's own. Default for refs/pull/ and its like: HEAD.")]
    [StringLength(1024, MinimumLength = 1)]
    public string? ConfigFrom { get; init; }

    [Description("What becomes of the change: pull_request, branch, patch or none.")]
    [AllowedValues("pull_request", "branch", "patch", "none")]
    public string? Output { get; init; }

    [Description("How the pull request looks, for that output.")]
    public PullRequestTermsBody? PullRequest { get; init; }

    [Description("What people must see first.")]
    [Items(20)]
    public IReadOnlyList<ApprovalRuleBody>? Approve { get; init; }

    [Description("Where the run's ending is posted, signed: an https address. Private networks are refused unless the server's policy names them.")]
    [StringLength(WebhookAddress.Longest, MinimumLength = 1)]
    public string? CallbackUrl { get; init; }

    [Description("At most 50 keys and 4 KB; given back as it came.")]
    [Metadata]
    public JsonElement? Metadata { get; init; }
}
