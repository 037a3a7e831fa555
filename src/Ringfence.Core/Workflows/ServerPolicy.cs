using System.Net;
using Ringfence.Approvals;
using Ringfence.Egress;
using Ringfence.Notifications;
using Ringfence.Runs;

namespace Ringfence.Workflows;

/// <summary>
/// What this installation says to every run, whatever its workflow: the most that it may have, the people who must agree. It only narrows. It stands
/// where no repository and no agent can write.
/// </summary>
public sealed record ServerPolicy
{
    /// <summary>Who is in which group.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Groups { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Limits that no run may pass; null where there is none.</summary>
    public WorkflowLimits Limits { get; init; } = new();

    /// <summary>Hosts that runs may be allowed at all; null leaves it to the workflows.</summary>
    public IReadOnlyList<string>? Network { get; init; }

    /// <summary>Globs that no run may change.</summary>
    public IReadOnlyList<string> Never { get; init; } = [];

    /// <summary>Rules over tools that hold in every run.</summary>
    public IReadOnlyList<string> DeniedTools { get; init; } = [];

    /// <summary>Globs of what no agent is shown.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];

    /// <summary>Approvals that every run needs.</summary>
    public IReadOnlyList<ApprovalRule> Approve { get; init; } = [];

    /// <summary>Repositories whose workflows start by themselves.</summary>
    public IReadOnlyList<Triggers.TriggerSource> Triggers { get; init; } = [];

    /// <summary>Code hosts beside those that everybody knows.</summary>
    public IReadOnlyList<Outputs.CodeHost> CodeHosts { get; init; } = [];

    /// <summary>Where Slack-compatible messages go; null when nobody takes them.</summary>
    public Uri? Slack { get; init; }

    /// <summary>Private networks that webhooks may reach all the same.</summary>
    public IReadOnlyList<IPNetwork> WebhookNetworks { get; init; } = [];

    /// <summary>
    /// The request as this installation lets it be: numbers are lowered, rules and approvals added, groups looked up. Who may answer is settled here,
    /// when the run is asked for. Fails with <c>widens_policy</c>, <c>unknown_group</c>, <c>no_slack</c>,
    /// <c>bad_url</c> or <c>private_address</c>.
    /// </summary>
    public Result<RunRequest> Apply(RunRequest request)
    {
        var failures = new List<Failure>();
        IReadOnlyList<ApprovalRule> approve = [.. request.Approve, .. Approve.Where(rule => !request.Approve.Contains(rule))];

        failures.AddRange(request.Network.Allow.Where(host => !MayReach(host)).Select(host => new Failure(
            "widens_policy", $"This server lets no run reach {Printable.Escape(host)}.", "Its policy.yaml says which hosts may be allowed: network.allow.")));

        failures.AddRange(approve.SelectMany(rule => rule.From).Distinct().Where(name => !IsPerson(name) && !Groups.ContainsKey(name)).Select(name => new Failure(
            "unknown_group", $"There is no group '{Printable.Escape(name)}' of people who approve.", "Groups stand in the server's policy.yaml: groups: { security: [\"key:alice\"] }.")));

        if (request.Slack is not null && Slack is null)
        {
            failures.Add(new Failure("no_slack", "The workflow wants to tell a Slack channel, and this server knows no address for it.", "Set slack_url in the server's policy.yaml."));
        }

        if (request.CallbackUrl is { } callback && WebhookAddress.Check(callback, WebhookNetworks) is { } refused)
        {
            failures.Add(refused);
        }

        return failures.Count > 0 ? Result.Fail<RunRequest>(failures) : ToolBounds.Apply(request with
        {
            Limits = request.Limits with
            {
                Cost = Least(request.Limits.Cost, Limits.Cost),
                Turns = Least(request.Limits.Turns, Limits.Turns),
                Time = Least(request.Limits.Time, Limits.Time),
            },
            WorkflowDay = request.Workflow is null ? request.WorkflowDay : request.WorkflowDay is { } day ? Least(day, Limits.CostPerDay) : Limits.CostPerDay,
            Sandbox = request.Sandbox with { MemoryBytes = Least(request.Sandbox.MemoryBytes, Limits.MemoryBytes) },
            Rules = request.Rules with { Never = [.. request.Rules.Never.Union(Never)] },
            Tools = request.Tools with { Deny = [.. request.Tools.Deny.Union(DeniedTools)] },
            Context = request.Context with { Exclude = [.. request.Context.Exclude.Union(Hidden)] },
            Approve = [.. approve.Select(rule => rule with
            {
                Members = [.. rule.From.SelectMany(name => IsPerson(name) ? [name] : Groups[name]).Distinct(StringComparer.OrdinalIgnoreCase)],
            })],
        });
    }

    /// <summary><c>alice@host</c> and <c>key:alice</c> are people; a word alone is a group.</summary>
    private static bool IsPerson(string name) => name.Contains('@') || name.Contains(':');

    // A pattern is let through when the policy has it too; a plain host also when a pattern of the policy covers it.
    private bool MayReach(string pattern) =>
        Network is null || pattern.StartsWith('!') || Network.Contains(pattern)
        || HostName.TryParse(pattern, out var host) && EgressRules.Parse(new NetworkPolicy(Network)).Succeeded(out var rules) && rules.Decide(host, 443).Allowed;

    private static T Least<T>(T asked, T? most)
        where T : struct, IComparable<T> => most is { } limit && asked.CompareTo(limit) > 0 ? limit : asked;
}
