using System.Net;

namespace Ringfence.Egress;

/// <summary>The allow list of one run. Pure: it is asked, answers with a reason, and knows no sockets.</summary>
public sealed class EgressRules
{
    // Headers by which some frameworks let a request say that it means another method or path than its first line does.
    private static readonly string[] MethodHeaders = ["X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"];
    private static readonly string[] PathHeaders = ["X-Original-URL", "X-Original-URI", "X-Rewrite-URL"];

    private readonly IReadOnlyList<EgressRule> rules;

    private EgressRules(IReadOnlyList<EgressRule> rules, bool learn)
    {
        this.rules = rules;
        Learns = learn;
    }

    public static EgressRules DenyAll { get; } = new([], learn: false);

    /// <summary>True when public hosts that no rule names are let through.</summary>
    public bool Learns { get; }

    public IReadOnlyList<EgressRule> All => rules;

    /// <summary>Reads the whole policy. Every malformed, too wide or address pattern is a failure of its own, with what to write instead.</summary>
    public static Result<EgressRules> Parse(NetworkPolicy policy)
    {
        var parsed = policy.Allow.Select(EgressRuleParser.Parse).ToList();
        var failures = parsed.SelectMany(r => r.Failures).ToList();
        return failures.Count > 0 ? Result.Fail<EgressRules>(failures) : new EgressRules([.. parsed.Select(r => r.Value)], policy.Learn);
    }

    /// <summary>May the sandbox connect to this name and port? Asked before the name is resolved.</summary>
    public EgressDecision Decide(HostName host, int port)
    {
        var named = rules.Where(r => r.MatchesHost(host)).ToList();

        return named.FirstOrDefault(r => r.Denies && !r.IsAboutRequests && r.MatchesPort(port)) is { } denial
            ? EgressDecision.Deny(EgressReasons.DeniedByRule, denial.Text)
            : named.FirstOrDefault(r => !r.Denies && r.MatchesPort(port)) is { } rule ? EgressDecision.Allow(rule.Text)
            : Learns ? new EgressDecision(true, "learned", EgressDecision.NoRule)
            : named.FirstOrDefault(r => !r.Denies) is { } near ? EgressDecision.Deny(EgressReasons.PortNotAllowed, near.Text)
            : EgressDecision.Deny(EgressReasons.NotInAllowList);
    }

    /// <summary>May the sandbox make this request to a host that it may connect to?</summary>
    /// <param name="target">Path and query as sent. Only the path is compared, byte for byte.</param>
    public EgressDecision DecideRequest(HostName host, int port, string method, string target)
    {
        var path = target.Split('?', 2)[0];
        var named = rules.Where(r => r.MatchesHost(host) && r.MatchesPort(port)).ToList();

        // A path with two readings (dot segments, encoded separators) could be one thing here and another at the server.
        if (named.Any(r => r.Path is not null) && IsAmbiguous(path))
        {
            return EgressDecision.Deny(EgressReasons.PathNotAllowed, named.First(r => r.Path is not null).Text);
        }

        if (named.FirstOrDefault(r => r.Denies && r.MatchesMethod(method) && r.MatchesPath(path)) is { } denial)
        {
            return EgressDecision.Deny(EgressReasons.DeniedByRule, denial.Text);
        }

        var permissions = named.Where(r => !r.Denies).ToList();
        var onPath = permissions.Where(r => r.MatchesPath(path)).ToList();

        return onPath.FirstOrDefault(r => r.MatchesMethod(method)) is { } rule ? EgressDecision.Allow(rule.Text)
            : Learns ? new EgressDecision(true, "learned", EgressDecision.NoRule)
            : onPath.Count > 0 ? EgressDecision.Deny(EgressReasons.MethodNotAllowed, onPath[0].Text)
            : permissions.Count > 0 ? EgressDecision.Deny(EgressReasons.PathNotAllowed, permissions[0].Text)
            : EgressDecision.Deny(EgressReasons.NotInAllowList);
    }

    /// <summary>The refusal of a request whose headers could change what was decided by its method and path; null when there are none.</summary>
    public EgressDecision? ObjectTo(HostName host, int port, IEnumerable<string> headers)
    {
        var about = rules.Where(r => r.MatchesHost(host) && r.MatchesPort(port)).ToList();
        var methods = about.FirstOrDefault(r => r.Methods.Count > 0);
        var paths = about.FirstOrDefault(r => r.Path is not null);

        if (methods is null && paths is null)
        {
            return null;
        }

        // CGI and what descends from it read an underscore in a header's name as a hyphen.
        var names = headers.Select(h => h.Replace('_', '-')).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return methods is not null && MethodHeaders.Any(names.Contains) ? EgressDecision.Deny(EgressReasons.MethodNotAllowed, methods.Text)
            : paths is not null && PathHeaders.Any(names.Contains) ? EgressDecision.Deny(EgressReasons.PathNotAllowed, paths.Text)
            : null;
    }

    /// <summary>May the door dial this address for the name? Public ones yes; private ones only where a rule names their network.</summary>
    public EgressDecision DecideAddress(HostName host, int port, IPAddress address, bool isOwn = false)
    {
        var inner = AddressRange.Unwrap(address);
        var rule = rules.FirstOrDefault(r => !r.Denies && r.MatchesHost(host) && r.MatchesPort(port) && r.Network is { } n && n.Contains(inner));

        return AddressRange.IsMetadata(inner) ? EgressDecision.Deny(EgressReasons.PrivateAddress)
            : rule is not null ? EgressDecision.Allow(rule.Text)
            : AddressRange.IsPublic(inner) && !isOwn ? Decide(host, port)
            : EgressDecision.Deny(EgressReasons.PrivateAddress, Decide(host, port).Rule);
    }

    /// <summary>True when a rule can only be applied to what is inside TLS, so the door has to open it.</summary>
    public bool NeedsOpening(HostName host, int port) =>
        rules.Any(r => r.IsAboutRequests && r.MatchesHost(host) && r.MatchesPort(port));

    /// <summary>True when a rule names this port itself, so that a protocol other than HTTP and TLS may be spoken there.</summary>
    public bool NamesPort(HostName host, int port) => rules.Any(r => !r.Denies && r.Port == port && !r.IsAboutRequests && r.MatchesHost(host));

    private static bool IsAmbiguous(string path) =>
        path.Contains('\\', StringComparison.Ordinal) || path.Contains("//", StringComparison.Ordinal)
        || path.Contains("%2f", StringComparison.OrdinalIgnoreCase) || path.Contains("%5c", StringComparison.OrdinalIgnoreCase)
        || path.Contains("%2e", StringComparison.OrdinalIgnoreCase) || path.Contains("%25", StringComparison.Ordinal)
        || path.Contains("%00", StringComparison.Ordinal) || path.Split('/', ';').Any(s => s is "." or "..");
}
