using Ringfence.Documents;
using Ringfence.Egress;

namespace Ringfence.Workflows;

/// <summary>
/// Every key of a workflow file, once: the reader reads by this table and the schema for editors is printed from it. A key stands here when something
/// enforces it, and not before.
/// </summary>
internal static class WorkflowKeys
{
    public static readonly TextKey Name = new("name", "Name of the workflow: that of its file. It may be left out.");
    public static readonly TextKey Prompt = new("prompt", "What the agent is told, 1 to 50,000 characters. In a Markdown file it is the body, and this key is not allowed.");
    public static readonly TextKey AgentName = new("name", "Which of `ringfence agents`; builtin, gemini and qwen are short for three of them; acp:COMMAND is any ACP agent.");
    public static readonly ListKey AgentCommand = new("command", "Any program, as executable and arguments, never a shell line: it reads the prompt from standard input, and its output is its text.");
    public static readonly MappingKey Agent = new("agent", "Which agent runs, by its name or as { command: [...] }. Default: ringfence-agent.", [AgentName, AgentCommand], AgentName);
    public static readonly TextKey Model = new("model", "Model id. Default: the agent's own.");
    public static readonly ListKey Done = new("done", "Shell commands that the platform runs, in a fresh sandbox, on exactly the tree to be published.", Single: true);
    public static readonly NumberKey Attempts = new("attempts", "How often the agent may try until the checks pass. Default: 3.", 1, 10);

    public static readonly ChoiceKey OutputKind = new("kind", "pull_request (at the repository's code host), branch (in the repository), patch (a file) or none. Default: branch.", ["pull_request", "branch", "patch", "none"]);
    public static readonly BooleanKey Draft = new("draft", "true: it says that it is not ready to be merged. Default: false.");
    public static readonly ListKey Labels = new("labels", "Labels that it gets.", Single: true);
    public static readonly TextKey Title = new("title", "Its title. Default: the first line of the prompt.");
    public static readonly TextKey Base = new("base", "The branch that it is meant for. Default: the repository's default branch.");
    public static readonly ListKey Reviewers = new("reviewers", "Who is asked to look: users of the code host, or team:NAME.", Single: true);
    public static readonly MappingKey PullRequest = new("pull_request", "A pull request, at GitLab a merge request, opened by the host after approval.", [Draft, Labels, Title, Base, Reviewers]);
    public static readonly MappingKey Output = new("output", "Where an approved change goes.", [OutputKind, PullRequest], OutputKind);

    public static readonly ListKey Cron = new("cron", "Minute, hour, day of month, month, day of week and time zone: \"0 2 * * 1-5 Europe/Vienna\".", Single: true);
    public static readonly TextKey IssueLabel = new("label", "The label that an issue gets.", Required: true);
    public static readonly MappingKey Issue = new("issue", "An issue that gets a label.", [IssueLabel], IssueLabel);
    public static readonly ListKey Branches = new("branches", "Globs of the branches. Default: every branch.", Single: true);
    public static readonly MappingKey OnPullRequest = new("pull_request", "A pull request that is opened or changed, by the branch that it is meant for.", [Branches], Branches);
    public static readonly MappingKey Push = new("push", "A branch that is pushed to.", [Branches], Branches);
    public static readonly TextKey Contains = new("contains", "What the comment contains, such as /agent.", Required: true);
    public static readonly MappingKey Comment = new("comment", "A comment on an issue or a pull request.", [Contains], Contains);
    public static readonly MappingKey On = new("on", "What starts it in `ringfence serve`, for the repositories that the server's policy names. Absent: people and the API alone.", [Cron, Issue, OnPullRequest, Push, Comment]);

    public static readonly AmountKey CostOfRun = new("run", "Money of one run. Default: $5.");
    public static readonly AmountKey CostOfDay = new("workflow_day", "Money of all runs of this workflow on one day.");
    public static readonly MappingKey Costs = new("cost", "Money for model calls at list price; no call is sent that could pass it.", [CostOfRun, CostOfDay], CostOfRun);
    public static readonly NumberKey Turns = new("turns", "Model requests on the main conversation. Default: 60.", 1, 1000);
    public static readonly TimeKey Time = new("time", "Wall time of the whole run, waiting for people not counted. Default: 30m.", TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));
    public static readonly SizeKey Memory = new("memory", "Memory of every sandbox of the run.", 64L << 20);
    public static readonly MappingKey Limits = new("limits", "What a run may use. A run can only narrow it.", [Costs, Turns, Time, Memory]);

    public static readonly ListKey Allow = new("allow", "Hosts that may be reached: name, *.suffix, name:port. Default: none.");
    public static readonly ListKey Presets = new("presets", $"Ecosystems whose registries may be reached, as your own tools are configured: {string.Join(", ", EcosystemPresets.Names)}.");
    public static readonly MappingKey Network = new("network", "Which hosts a run may reach besides the model gateway.", [Allow, Presets]);

    public static readonly TextKey SecretName = new("name", "Name of the secret in the server's environment.", Required: true);
    public static readonly TextKey SecretHost = new("host", "The one host that gets it.", Required: true);
    public static readonly TextKey SecretHeader = new("header", "Header in which the door sends it. Default: Authorization.");
    public static readonly MappingListKey Secrets = new("secrets", "Secrets that the egress door adds to requests; the agent never has them.", [SecretName, SecretHost, SecretHeader]);

    public static readonly ChoiceKey InputKind = new("type", "What it may be. Default: string.", ["string", "number", "boolean", "choice"]);
    public static readonly TextKey InputDescription = new("description", "What it is for, told to whoever leaves it out.");
    public static readonly BooleanKey InputRequired = new("required", "true: a run without it is refused. Default: false.");
    public static readonly TextKey InputDefault = new("default", "What counts when nothing is given. Default: an empty text.");
    public static readonly TextKey InputPattern = new("pattern", "Regular expression that the whole of a string must match.");
    public static readonly ListKey InputChoices = new("choices", "What a choice may be.");
    public static readonly NamesKey Inputs = new(
        "inputs", "Values that whoever starts a run gives (--input NAME=VALUE). {{ inputs.NAME }} in the prompt stands for one, and nowhere else.",
        [InputKind, InputDescription, InputRequired, InputDefault, InputPattern, InputChoices], InputKind);

    public static readonly ListKey ToolsAllow = new("allow", "Names of the only tools that the agent gets: its own rule. Default: all of its own.");
    public static readonly ListKey ToolsDeny = new("deny", "Rules such as Bash(git push:*), Edit(legacy/**), Read(secrets/**), WebFetch(domain:example.com), WebFetch.");
    public static readonly MappingKey Tools = new("tools", "What the agent's tools may do. `ringfence explain` says of each rule who keeps it.", [ToolsAllow, ToolsDeny]);

    public static readonly ListKey ContextInclude = new("include", "Globs of the files that the agent is shown. Default: every file.", Single: true);
    public static readonly ListKey ContextExclude = new("exclude", "Globs of files that the agent is not shown and may not change. Checks and what is published have them.", Single: true);
    public static readonly ListKey Pin = new("pin", "Headings of the prompt whose text every model request of the main conversation must contain. Its loss is on the record.", Single: true);
    public static readonly MappingKey Context = new("context", "What the agent is shown, and what the model must keep in view.", [ContextInclude, ContextExclude, Pin]);

    public static readonly ListKey Write = new("write", "Globs of what may change. Default: every path.");
    public static readonly ListKey Never = new("never", "Globs of what may never change.");
    public static readonly NumberKey Files = new("files", "At most so many files.", 1, 1_000_000);
    public static readonly NumberKey Lines = new("lines", "At most so many lines, added and removed together.", 1, 100_000_000);
    public static readonly MappingKey Diff = new("diff", "How large the change may be.", [Files, Lines]);
    public static readonly ChoiceKey Dependencies = new("dependencies", "New packages: none, ask (a person sees it first) or any. Default: any.", ["none", "ask", "any"]);
    public static readonly ChoiceKey Tests = new("tests", "keep: none may be deleted, skipped or weakened. Default: any.", ["keep", "any"]);
    public static readonly MappingKey Constraints = new("constraints", "Rules over the change set, checked outside of the sandbox after the agent.", [Write, Never, Diff, Dependencies, Tests]);

    public static readonly ChoiceKey ApproveKind = new("kind", "What is shown: plan, network (hosts that were refused), budget (more money), diff.", ["plan", "network", "budget", "diff"], Required: true);
    public static readonly NumberKey ApproveCount = new("count", "How many different people. Default: 1.", 1, 10);
    public static readonly ListKey ApproveFrom = new("from", "Groups of the server's policy, or people. Default: everyone who may approve.", Single: true);
    public static readonly ListKey ApprovePaths = new("paths", "Only when one of these paths changed. For diff alone.", Single: true);
    public static readonly TimeKey ApproveWithin = new("within", "How long an answer may take; then the run fails. Default: 7d.", TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
    public static readonly AmountKey ApproveRaise = new("raise", "What is asked for each time. For budget alone. Default: the limit once more.");
    public static readonly MappingListKey Approve = new(
        "approve", "What people must see first. Who started the run cannot approve it, and a time-out is never a yes.",
        [ApproveKind, ApproveCount, ApproveFrom, ApprovePaths, ApproveWithin, ApproveRaise], ApproveKind);

    public static readonly TextKey Slack = new("slack", "Channel that hears when a run waits, fails or is done. The server knows the address.");
    public static readonly MappingKey Notify = new("notify", "Who is told.", [Slack]);

    public static IReadOnlyList<DocumentKey> Root { get; } =
        [Name, Prompt, Inputs, Agent, Model, On, Limits, Network, Secrets, Tools, Context, Constraints, Done, Attempts, Approve, Output, Notify];
}
