using System.Net;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class An_allow_list
{
    [Theory]
    [InlineData("example.com", "example.com", 443, true)]
    [InlineData("example.com", "EXAMPLE.com.", 80, true)]
    [InlineData("Example.COM", "example.com", 443, true)]
    [InlineData("example.com", "example.com", 22, false)]
    [InlineData("example.com", "www.example.com", 443, false)]
    [InlineData("example.com:22", "example.com", 22, true)]
    [InlineData("example.com:22", "example.com", 443, false)]
    [InlineData("*.example.com", "a.example.com", 443, true)]
    [InlineData("*.example.com", "a.b.example.com", 443, true)]
    [InlineData("*.example.com", "example.com", 443, false)]
    [InlineData("*.example.com", "evilexample.com", 443, false)]
    [InlineData("*.example.com:8443", "a.example.com", 8443, true)]
    [InlineData("allowed.com", "allowed.com.evil.com", 443, false)]
    [InlineData("allowed.com", "evilallowed.com", 443, false)]
    [InlineData("*.allowed.com", "allowed.com.evil.com", 443, false)]
    [InlineData("allowed.com", "\u0430llowed.com", 443, false)] // Cyrillic a
    [InlineData("allowed.com", "ａllowed.com", 443, false)] // full width a
    [InlineData("bücher.example", "xn--bcher-kva.example", 443, true)]
    [InlineData("xn--bcher-kva.example", "bücher.example", 443, true)]
    public void Matches_whole_names_in_one_form(string pattern, string name, int port, bool allowed)
    {
        Assert.True(HostName.TryParse(name, out var host));
        Assert.Equal(allowed, Parse(pattern).Decide(host, port).Allowed);
    }

    [Theory]
    [InlineData("allowed.com\0.evil.com")]
    [InlineData("allowed.com\r\n.evil.com")]
    [InlineData("allowed.com .evil.com")]
    [InlineData("allowed..com")]
    [InlineData(".allowed.com")]
    [InlineData("allowed.com..")]
    [InlineData("-allowed.com")]
    [InlineData("allowed.com%00")]
    [InlineData("allowed.com/")]
    [InlineData("allowed.com:443")]
    [InlineData("user@allowed.com")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("0x7f000001")]
    [InlineData("0x7f.0.0.0x1")]
    [InlineData("2130706433")]
    [InlineData("[::1]")]
    [InlineData("")]
    public void Takes_nothing_with_two_readings_for_a_name(string text) => Assert.False(HostName.TryParse(text, out _));

    [Theory]
    [InlineData("allowed\u3002com")] // ideographic full stop
    public void Reads_look_alike_dots_as_dots(string text)
    {
        Assert.True(HostName.TryParse(text, out var name));
        Assert.Equal("allowed.com", name.Text);
    }

    [Theory]
    [InlineData("*", "network_pattern_too_wide")]
    [InlineData("*.*", "network_pattern_too_wide")]
    [InlineData("*.com", "network_pattern_too_wide")]
    [InlineData("*.co.uk", "network_pattern_too_wide")]
    [InlineData("*.github.io", "network_pattern_too_wide")]
    [InlineData("*.eu-west-1.amazonaws.com", "network_pattern_too_wide")]
    [InlineData("*.windows.net", "network_pattern_too_wide")]
    [InlineData("a*.example.com", "network_pattern_too_wide")]
    [InlineData("example.*", "network_pattern_too_wide")]
    [InlineData("*.corp.example@10.0.0.0/8", "network_pattern_too_wide")]
    [InlineData("git.corp.example@0.0.0.0/0", "network_pattern_too_wide")]
    [InlineData("git.corp.example@169.254.169.254", "network_pattern_too_wide")]
    [InlineData("git.corp.example@fe80::/10", "network_pattern_too_wide")]
    [InlineData("10.0.0.1", "network_pattern_address")]
    [InlineData("10.0.0.1:443", "network_pattern_address")]
    [InlineData("10.0.0.0/8", "network_pattern_address")]
    [InlineData("[::1]:443", "network_pattern_address")]
    [InlineData("::1", "network_pattern_address")]
    [InlineData("2130706433", "network_pattern_address")]
    [InlineData("https://example.com", "network_pattern_malformed")]
    [InlineData("example.com:0", "network_pattern_malformed")]
    [InlineData("example.com:70000", "network_pattern_malformed")]
    [InlineData("example.com:http", "network_pattern_malformed")]
    [InlineData("exa mple.com", "network_pattern_malformed")]
    [InlineData("example.com@home", "network_pattern_malformed")]
    [InlineData("example.com/a/*/b", "network_pattern_malformed")]
    [InlineData("exa\0mple.com", "network_pattern_malformed")]
    [InlineData("", "network_pattern_malformed")]
    public void Refuses_a_bad_pattern_with_a_hint(string pattern, string code)
    {
        var result = EgressRules.Parse(new NetworkPolicy([pattern]));
        var failure = Assert.Single(result.Failures);
        Assert.Equal(code, failure.Code);
        Assert.NotNull(failure.Hint);
        Assert.DoesNotContain('\0', failure.Message);
    }

    [Fact]
    public void Names_every_error_at_once() =>
        Assert.Equal(3, EgressRules.Parse(new NetworkPolicy(["*", "good.example", "10.0.0.1", "a b"])).Failures.Count);

    [Fact]
    public void Says_which_rule_decided()
    {
        var rules = Parse("*.example.com", "!secret.example.com", "GET api.test/v1/*");

        Assert.Equal(new EgressDecision(true, "allowed", "*.example.com"), rules.Decide(Name("a.example.com"), 443));
        Assert.Equal(new EgressDecision(false, "denied_by_rule", "!secret.example.com"), rules.Decide(Name("secret.example.com"), 443));
        Assert.Equal(new EgressDecision(false, "port_not_allowed", "*.example.com"), rules.Decide(Name("a.example.com"), 22));
        Assert.Equal(new EgressDecision(false, "not_in_allow_list", "default"), rules.Decide(Name("other.test"), 443));
        Assert.Equal(new EgressDecision(true, "allowed", "GET api.test/v1/*"), rules.DecideRequest(Name("api.test"), 443, "GET", "/v1/users?x=/v2"));
        Assert.Equal(new EgressDecision(false, "method_not_allowed", "GET api.test/v1/*"), rules.DecideRequest(Name("api.test"), 443, "POST", "/v1/users"));
        Assert.Equal(new EgressDecision(false, "path_not_allowed", "GET api.test/v1/*"), rules.DecideRequest(Name("api.test"), 443, "GET", "/v2"));
    }

    [Theory]
    [InlineData("/org/../secret")]
    [InlineData("/org/%2e%2e/secret")]
    [InlineData("/org%2f..%2fsecret")]
    [InlineData("/org/..;/secret")]
    [InlineData("/org//secret")]
    [InlineData("/org/\\..\\secret")]
    [InlineData("/org/%252e%252e/secret")]
    [InlineData("/orgs")]
    [InlineData("/ORG/x")]
    public void Refuses_a_path_that_a_server_could_read_differently(string path) =>
        Assert.Equal("path_not_allowed", Parse("api.test/org/*").DecideRequest(Name("api.test"), 443, "GET", path).Reason);

    [Theory]
    [InlineData("/admin")]
    [InlineData("/admin/")]
    [InlineData("/Admin")]
    [InlineData("/%61dmin")]
    [InlineData("/admin;a=b")]
    [InlineData("/%61DMIN;a=b/")]
    public void Denies_a_path_however_it_is_written(string path)
    {
        var rules = Parse("api.test", "!api.test/admin", "!api.test/admin/*");
        Assert.Equal("denied_by_rule", rules.DecideRequest(Name("api.test"), 443, "GET", path).Reason);
        Assert.Equal("denied_by_rule", rules.DecideRequest(Name("api.test"), 443, "GET", path.TrimEnd('/') + "/users").Reason);
        Assert.True(rules.DecideRequest(Name("api.test"), 443, "GET", "/administration").Allowed);
    }

    [Fact]
    public void Refuses_headers_that_change_the_method_or_path_that_was_judged()
    {
        var rules = Parse("GET read.test", "tree.test/v1/*", "free.test");

        Assert.Equal(new EgressDecision(false, "method_not_allowed", "GET read.test"), rules.ObjectTo(Name("read.test"), 443, ["Accept", "x_http_method-Override"]));
        Assert.Equal(new EgressDecision(false, "path_not_allowed", "tree.test/v1/*"), rules.ObjectTo(Name("tree.test"), 443, ["X-Original-URL"]));
        Assert.Null(rules.ObjectTo(Name("read.test"), 443, ["X-Original-URL", "Accept"]));
        Assert.Null(rules.ObjectTo(Name("free.test"), 443, ["X-HTTP-Method-Override", "X-Rewrite-URL"]));
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("fc00::1")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::10.0.0.1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::10.0.0.1")]
    [InlineData("64:ff9b:1:a00:0:100::")] // 10.0.0.1 where a translator of one's own may have it
    [InlineData("2002:0a00:0001::1")]
    [InlineData("2001:db8::1")]
    public void Never_lets_a_name_lead_to_a_private_address(string address)
    {
        foreach (var rules in (EgressRules[])[Parse("good.example"), EgressRules.Parse(new NetworkPolicy([], Learn: true)).Value])
        {
            Assert.Equal("private_address", rules.DecideAddress(Name("good.example"), 443, IPAddress.Parse(address)).Reason);
        }
    }

    [Fact]
    public void Opens_a_private_network_only_to_the_name_and_port_that_a_rule_gives_it()
    {
        var rules = Parse("git.corp.example:8443@10.1.0.0/16", "other.example");

        Assert.True(rules.DecideAddress(Name("git.corp.example"), 8443, IPAddress.Parse("10.1.2.3")).Allowed);
        Assert.True(rules.DecideAddress(Name("git.corp.example"), 8443, IPAddress.Parse("::ffff:10.1.2.3")).Allowed);
        Assert.False(rules.DecideAddress(Name("git.corp.example"), 8443, IPAddress.Parse("10.2.2.3")).Allowed);
        Assert.False(rules.DecideAddress(Name("git.corp.example"), 443, IPAddress.Parse("10.1.2.3")).Allowed);
        Assert.False(rules.DecideAddress(Name("other.example"), 443, IPAddress.Parse("10.1.2.3")).Allowed);
    }

    [Fact]
    public void Does_not_dial_the_machine_itself_by_a_public_address_of_its_own() =>
        Assert.Equal("private_address", Parse("good.example").DecideAddress(Name("good.example"), 443, IPAddress.Parse("93.184.216.34"), isOwn: true).Reason);

    private static EgressRules Parse(params string[] patterns) => EgressRules.Parse(new NetworkPolicy(patterns)).Value;

    private static HostName Name(string text) => HostName.TryParse(text, out var name) ? name : throw new ArgumentException(text);
}
