using Ringfence.Documents;

namespace Ringfence.Workflows;

/// <summary>Reads <c>policy.yaml</c> of the home folder: what this installation says to every run.</summary>
public static class PolicyFile
{
    private const string Code = "bad_policy";
    private static readonly MappingKey Groups = new("groups", "Groups of people for approvals: name to list.", []);
    private static readonly ListKey DeniedTools = new("denied_tools", "Rules over tools that hold in every run, such as Bash(git push:*).");
    private static readonly ListKey Hidden = new("hidden", "Globs of what no agent is shown and none may change.");
    private static readonly TextKey SlackUrl = new("slack_url", "Address that takes Slack-compatible messages.");
    private static readonly ListKey PrivateTargets = new("webhook_networks", "Private networks (CIDR) that webhooks may reach. Default: none.");

    private const string FileName = "policy.yaml";

    /// <summary>The policy of a home folder; an empty one when there is no file. Fails with <c>bad_policy</c>, every mistake with its line.</summary>
    public static Result<ServerPolicy> Of(string home)
    {
        var file = Path.Combine(home, FileName);
        return File.Exists(file) ? Read(File.ReadAllText(file), FileName) : new ServerPolicy();
    }

    public static Result<ServerPolicy> Read(string text, string source)
    {
        var failures = new List<Failure>();

        if (YamlMapping.Parse(text, source, Code, failures)?.By([Groups, WorkflowKeys.Limits, WorkflowKeys.Network, WorkflowKeys.Constraints, DeniedTools, Hidden, WorkflowKeys.Approve, SlackUrl, PrivateTargets]) is not { } root)
        {
            return Result.Fail<ServerPolicy>(failures);
        }

        var network = root.Mapping(WorkflowKeys.Network);
        var policy = new ServerPolicy
        {
            Groups = root.Lists(Groups.Name),
            Limits = WorkflowReader.Limits(root.Mapping(WorkflowKeys.Limits)),
            Network = network is null ? null : WorkflowReader.Network(network, failures),
            Never = WorkflowReader.Constraints(root.Mapping(WorkflowKeys.Constraints)).Never,
            DeniedTools = WorkflowReader.Rules(root, DeniedTools),
            Hidden = root.Texts(Hidden),
            Approve = [.. root.Mappings(WorkflowKeys.Approve).Select(WorkflowReader.Approve)],
            Slack = Address(root),
            WebhookNetworks = [.. Networks(root)],
        };

        _ = network?.Texts(WorkflowKeys.Presets);
        network?.RefuseOthers();
        root.RefuseOthers();
        return failures.Count > 0 ? Result.Fail<ServerPolicy>(failures) : policy;
    }

    private static Uri? Address(YamlMapping root)
    {
        if (root.Text(SlackUrl) is not { } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "https" or "http")
        {
            return address;
        }

        root.Fail(SlackUrl.Name, "'slack_url' is an https address.");
        return null;
    }

    private static IEnumerable<System.Net.IPNetwork> Networks(YamlMapping root)
    {
        foreach (var text in root.Texts(PrivateTargets))
        {
            if (System.Net.IPNetwork.TryParse(text, out var network))
            {
                yield return network;
            }
            else
            {
                root.Fail(PrivateTargets.Name, $"'{text}' is no network such as 10.1.0.0/16.");
            }
        }
    }
}
