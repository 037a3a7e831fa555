using Ringfence.Documents;
using Ringfence.Outputs;

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

    private static readonly TextKey HostName = new("host", "Authority of its repositories' addresses, such as git.internal.example.", Required: true);
    private static readonly ChoiceKey HostKind = new("kind", "What it speaks.", ["github", "gitlab", "gitea"], Required: true);
    private static readonly TextKey HostApi = new("api", "Base address of its REST interface, such as https://git.internal.example/api/v3.", Required: true);
    private static readonly TextKey HostToken = new("token", "Variable of the server's environment that holds the token.", Required: true);
    private static readonly MappingListKey CodeHosts = new("code_hosts", "Servers that take pull requests, beside github.com, gitlab.com and codeberg.org.", [HostName, HostKind, HostApi, HostToken]);

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

        if (YamlMapping.Parse(text, source, Code, failures)?.By([Groups, WorkflowKeys.Limits, WorkflowKeys.Network, WorkflowKeys.Constraints, DeniedTools, Hidden, WorkflowKeys.Approve, CodeHosts, SlackUrl, PrivateTargets]) is not { } root)
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
            CodeHosts = [.. root.Mappings(CodeHosts).Select(CodeHost)],
            Slack = Address(root),
            WebhookNetworks = [.. Networks(root)],
        };

        _ = network?.Texts(WorkflowKeys.Presets);
        network?.RefuseOthers();
        root.RefuseOthers();
        return failures.Count > 0 ? Result.Fail<ServerPolicy>(failures) : policy;
    }

    private static CodeHost CodeHost(YamlMapping host)
    {
        var isAddress = Uri.TryCreate(host.Text(HostApi), UriKind.Absolute, out var api) && api.Scheme is "https" or "http";

        if (!isAddress && host.Has(HostApi.Name))
        {
            host.Fail(HostApi.Name, "'api' is an https address.");
        }

        var read = new CodeHost(
            host.Text(HostName)?.ToLowerInvariant() ?? "", host.Choice(HostKind) switch { "gitlab" => CodeHostKind.GitLab, "gitea" => CodeHostKind.Gitea, _ => CodeHostKind.GitHub },
            api ?? new Uri("https://invalid"), host.Text(HostToken) ?? "");
        host.RefuseOthers();
        return read;
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
