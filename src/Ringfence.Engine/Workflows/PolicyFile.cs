using Ringfence.Documents;
using Ringfence.Outputs;
using Ringfence.Triggers;

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

    private static readonly TextKey TriggerRepository = new("repo", "URL of the repository, or its path on the server.", Required: true);
    private static readonly ChoiceKey TriggerKind = new("kind", "Whose webhooks it takes. Default: github, which Gitea and Forgejo sign like.", ["github", "gitlab"]);
    private static readonly TextKey TriggerSecret = new("secret", "Variable of the server's environment with the webhooks' secret. Default: no webhooks, only schedules.");
    private static readonly ListKey TriggerTrusted = new("trusted", "Logins whose word starts a run, besides members of the repository.");
    private static readonly ListKey TriggerPeople = new("people", "Who a login is here: alice=key:alice. Nobody approves what they started.");
    private static readonly NamesKey TriggerSources = new(
        "triggers", "Repositories whose workflows start by themselves; the name is that of the webhooks' address, /v1/hooks/NAME.",
        [TriggerRepository, TriggerKind, TriggerSecret, TriggerTrusted, TriggerPeople], TriggerRepository);

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

        if (YamlMapping.Parse(text, source, Code, failures)?.By([Groups, WorkflowKeys.Limits, WorkflowKeys.Network, WorkflowKeys.Constraints, DeniedTools, Hidden, WorkflowKeys.Approve, CodeHosts, TriggerSources, SlackUrl, PrivateTargets]) is not { } root)
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
            Triggers = [.. root.Named(TriggerSources).Select(named => Trigger(named.Name, named.Below))],
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

    private static TriggerSource Trigger(string name, YamlMapping below)
    {
        if (name.Length is 0 or > 64 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            below.Fail("", $"'{name}' is no name of a trigger.", "Letters, digits, '-' and '_'; at most 64.");
        }

        var people = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

        foreach (var text in below.Texts(TriggerPeople))
        {
            if (text.Split('=', 2) is [{ Length: > 0 } login, { Length: > 0 } person])
            {
                people[login] = person;
            }
            else
            {
                below.Fail(TriggerPeople.Name, $"'{text}' does not say who a login is.", "Such as alice=key:alice.");
            }
        }

        var read = new TriggerSource(
            name, below.Text(TriggerRepository) ?? "", below.Choice(TriggerKind) is "gitlab" ? CodeHostKind.GitLab : CodeHostKind.GitHub, below.Text(TriggerSecret), below.Texts(TriggerTrusted), people);
        below.RefuseOthers();
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
