using System.Text;
using Ringfence.Egress;
using Ringfence.Secrets;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_network_plan : IAsyncDisposable
{
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("egress-home-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private UserSide User => new(home.FullName, new Dictionary<string, string>
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "",
        ["HOME"] = home.FullName,
        ["FROM_ENV"] = "value-from-environment\n",
        ["EMPTY"] = "",
        ["SHORT"] = "1234567",
        ["TWO_LINES"] = "first line\nsecond line",
    });

    [Theory]
    [InlineData("env:FROM_ENV", "value-from-environment")]
    [InlineData("file:~/token", "value-from-file")]
    [InlineData("command:printf value-from-%s command", "value-from-command")]
    public async Task Gives_the_sandbox_a_placeholder_and_keeps_the_value_outside(string source, string value)
    {
        // S01
        await File.WriteAllTextAsync(Path.Combine(home.FullName, "token"), "value-from-file\n", Token);
        var policy = new NetworkPolicy(["good.test"]) { Secrets = [new SecretGrant("TOKEN", ["good.test"], source)] };

        using var plan = (await EgressPlan.PrepareAsync(policy, User, TimeProvider.System, Token)).Value;

        Assert.StartsWith("ringfence_TOKEN_", plan.SandboxEnvironment["TOKEN"], StringComparison.Ordinal);
        Assert.True(plan.Redactor.Contains(Encoding.UTF8.GetBytes(value)));
        Assert.DoesNotContain(plan.SandboxEnvironment.Values, v => v.Contains(value, StringComparison.Ordinal));
        Assert.All(plan.Files, f => Assert.False(plan.Redactor.Contains(f.Content.Span)));
    }

    [Theory]
    [InlineData("TOKEN", "env:NOT_SET", "good.test", "Authorization", "secret_missing")]
    [InlineData("TOKEN", "env:EMPTY", "good.test", "Authorization", "secret_empty")]
    [InlineData("TOKEN", "env:SHORT", "good.test", "Authorization", "secret_too_short")]
    [InlineData("TOKEN", "env:TWO_LINES", "good.test", "Authorization", "secret_not_printable")]
    [InlineData("TOKEN", "file:/nowhere/at/all", "good.test", "Authorization", "secret_missing")]
    [InlineData("TOKEN", "command:false", "good.test", "Authorization", "secret_missing")]
    [InlineData("TOKEN", "vault:x", "good.test", "Authorization", "secret_source_malformed")]
    [InlineData("TOKEN", "env:FROM_ENV", "*.good.test", "Authorization", "secret_host_too_wide")]
    [InlineData("TOKEN", "env:FROM_ENV", "other.test", "Authorization", "secret_host_not_allowed")]
    [InlineData("TOKEN", "env:FROM_ENV", "10.0.0.1", "Authorization", "network_pattern_address")]
    [InlineData("TO KEN", "env:FROM_ENV", "good.test", "Authorization", "secret_name_malformed")]
    [InlineData("TOKEN", "env:FROM_ENV", "good.test", "X: evil\r\nHost", "secret_header_malformed")]
    public async Task Refuses_a_secret_that_cannot_be_had_or_kept(string name, string source, string host, string header, string code)
    {
        var policy = new NetworkPolicy(["good.test"]) { Secrets = [new SecretGrant(name, [host], source, header)] };
        var failure = Assert.Single((await EgressPlan.PrepareAsync(policy, User, TimeProvider.System, Token)).Failures);
        Assert.Equal(code, failure.Code);
        Assert.DoesNotContain("value-from", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waits_for_a_secrets_command_only_for_its_time_and_leaves_nothing_of_it()
    {
        // In a session of its own, and its parent gone: no tree and no group has it, but it holds the output open.
        var script = Path.Combine(home.FullName, "print-secret");
        Executable.Write(script, "#!/bin/sh\nsetsid sleep 86391 & echo $! > $HOME/left\nmv $HOME/left $HOME/pid\necho value-from-command\n");
        var policy = new NetworkPolicy(["good.test"]) { Secrets = [new SecretGrant("TOKEN", ["good.test"], $"command:{script}")] };
        Failure failure;

        // A patience that is over before the script has begun shows nothing; a slow machine gets more of it.
        for (var patience = TimeSpan.FromSeconds(1); ; patience *= 2)
        {
            failure = Assert.Single((await EgressPlan.PrepareAsync(policy, User with { CommandPatience = patience }, TimeProvider.System, Token)).Failures);

            if (File.Exists(Path.Combine(home.FullName, "pid")))
            {
                break;
            }
        }

        Assert.Equal("secret_command_too_slow", failure.Code);
        Assert.NotNull(failure.Hint);
        Assert.DoesNotContain("value-from", failure.ToString(), StringComparison.Ordinal);
        var left = (await File.ReadAllTextAsync(Path.Combine(home.FullName, "pid"), Token)).Trim();
        Assert.True(SpinWait.SpinUntil(() => HasEnded(left), TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Takes_no_more_from_a_secrets_command_than_a_header_can_hold()
    {
        var policy = new NetworkPolicy(["good.test"]) { Secrets = [new SecretGrant("TOKEN", ["good.test"], "command:yes value-from-command")] };

        Assert.Equal("secret_too_long", Assert.Single((await EgressPlan.PrepareAsync(policy, User, TimeProvider.System, Token)).Failures).Code);
    }

    // Gone, or dead and waiting for whoever is to take note of it.
    private static bool HasEnded(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }

    [Fact]
    public async Task Names_all_errors_of_rules_presets_and_secrets_at_once()
    {
        var policy = new NetworkPolicy(["*", "10.0.0.1"]) { Presets = ["unheard-of"], Secrets = [new SecretGrant("TOKEN", ["good.test"], "env:NOT_SET")] };
        var failures = (await EgressPlan.PrepareAsync(policy, User, TimeProvider.System, Token)).Failures;
        Assert.Equal(["preset_unknown", "network_pattern_too_wide", "network_pattern_address"], failures.Select(f => f.Code));
    }

    [Fact]
    public async Task Gives_nothing_to_a_sandbox_that_may_reach_nothing()
    {
        using var plan = (await EgressPlan.PrepareAsync(NetworkPolicy.DenyAll, User, TimeProvider.System, Token)).Value;
        Assert.Empty(plan.Files);
        Assert.Empty(plan.SandboxEnvironment);
    }

    [Theory]
    [InlineData("cargo", ".cargo/config.toml", "[source.crates-io]\nreplace-with = 'm'\n[source.m]\nregistry = \"sparse+https://crates.company.test/index/\"\n", "crates.company.test")]
    [InlineData("go", ".config/go/env", "GOPROXY=https://go.company.test:8443/all,direct\nGOSUMDB=sum.company.test+0+key https://sums.company.test\n", "go.company.test:8443 sums.company.test")]
    [InlineData("maven", ".m2/settings.xml", "<settings><mirrors><mirror><url>https://maven.company.test:8443/all</url><mirrorOf>*</mirrorOf></mirror></mirrors></settings>", "maven.company.test:8443")]
    [InlineData("npm", ".npmrc", "registry=https://npm.company.test/\n@team:registry=https://team.company.test/\n", "npm.company.test team.company.test")]
    [InlineData("pip", ".config/pip/pip.conf", "[global]\nindex-url = https://user:pass@pip.company.test/simple\nextra-index-url = https://more.company.test/simple\n", "more.company.test pip.company.test")]
    [InlineData("nuget", ".nuget/NuGet/NuGet.Config", "<configuration><packageSources><clear/><add key='c' value='https://nuget.company.test/v3/index.json'/></packageSources></configuration>", "nuget.company.test")]
    public async Task Reads_a_presets_registries_from_the_users_own_settings(string preset, string file, string settings, string hosts)
    {
        var path = Path.Combine(home.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, settings, Token);

        var read = await EcosystemPresets.ReadAsync([preset], User, Token);

        Assert.SkipWhen(read.Failures.Any(f => f.Code == "preset_tool_missing"), $"The tool behind the preset {preset} is not installed here.");
        Assert.Equal(hosts.Split(' '), read.Value.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Reads_apts_archives_from_its_own_configuration_in_both_forms_without_what_is_disabled()
    {
        var parts = home.CreateSubdirectory("parts").FullName;
        var configuration = Path.Combine(home.FullName, "apt.conf");
        await File.WriteAllTextAsync(Path.Combine(parts, "one.list"), "deb [trusted=yes] http://lines.company.test:8080/one stable main\n# deb http://commented.company.test/ stable main\n", Token);
        await File.WriteAllTextAsync(Path.Combine(parts, "two.sources"), """
            Types: deb
            URIs: http://blocks.company.test/two
             https://folded.company.test/two
            Suites: stable
            Components: main

            Types: deb
            Enabled: no
            URIs: http://disabled.company.test/
            Suites: stable
            Components: main

            """, Token);
        await File.WriteAllTextAsync(configuration, $"Dir::Etc::SourceList \"/dev/null\";\nDir::Etc::SourceParts \"{parts}\";\n", Token);
        var user = User with { Variables = new Dictionary<string, string>(User.Variables) { ["APT_CONFIG"] = configuration } };

        var read = await EcosystemPresets.ReadAsync(["apt"], user, Token);

        Assert.SkipWhen(read.Failures.Any(f => f.Code == "preset_tool_missing"), "apt is not installed here.");
        Assert.Equal(["blocks.company.test", "folded.company.test", "lines.company.test:8080"], read.Value.Order(StringComparer.Ordinal));
    }

    // Tools leave helpers of theirs behind that still write into their home.
    public ValueTask DisposeAsync() => new(Waiting.DeleteAsync(home.FullName));
}
