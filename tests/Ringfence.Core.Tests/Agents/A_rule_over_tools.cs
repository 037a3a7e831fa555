using Ringfence.Agents;
using Ringfence.Audit;
using Ringfence.Review;
using Ringfence.Runs;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Agents;

/// <summary>A rule over an agent's tools is its own promise; what the walls can keep of it they keep, and who keeps what is said.</summary>
public sealed class A_rule_over_tools
{
    [Theory]
    [InlineData("Bash(git push:*)", "/usr/bin/git", "git push origin main", true)]
    [InlineData("Bash(git push:*)", "/usr/bin/git", "git push", true)]
    [InlineData("Bash(git push *)", "/usr/bin/git", "git -C /workspace --no-pager push", true)]
    [InlineData("Bash(git push:*)", "/usr/lib/git-core/git", "/opt/git push", true)]
    [InlineData("Bash(git push:*)", "/bin/busybox", "git push", true)]
    [InlineData("Bash(git push:*)", "/usr/bin/git", "git commit -m push", false)]
    [InlineData("Bash(git push:*)", "/usr/bin/gitk", "gitk push", false)]
    [InlineData("Bash(npm publish)", "/usr/bin/npm", "npm publish", true)]
    [InlineData("Bash(npm publish)", "/usr/bin/npm", "npm publish --dry-run", false)]
    [InlineData("Bash(curl:*)", "/usr/bin/curl", "curl http://x", true)]
    [InlineData("Bash(*)", "/usr/bin/true", "true", true)]
    [InlineData("Edit(git/**)", "/usr/bin/git", "git push", false)]
    public void Knows_a_denied_program_by_what_started(string rule, string executable, string arguments, bool denied) =>
        Assert.Equal(denied, ToolRule.TryParse(rule)!.Denies(executable, arguments.Split(' ')));

    [Theory]
    [InlineData("WebFetch", "WebFetch", null, "WebFetch")]
    [InlineData("Bash(git push:*)", "Bash", "cd /tmp && git push -f; true", "Bash(git push:*)")]
    [InlineData("Bash(git push:*)", "Bash", "git status", null)]
    [InlineData("Bash", "Bash", "ls", "Bash")]
    public void Knows_a_denied_call_by_what_the_agent_tells(string rule, string tool, string? command, string? found) =>
        Assert.Equal(found, new ToolRules([], [rule]).WhyNot(tool, command));

    [Theory]
    [InlineData("Bash(git push:*)", "git push")]
    [InlineData("Bash(curl *)", "curl")]
    [InlineData("Bash(npm publish)", null)]
    [InlineData("Bash(git pu*)", null)]
    [InlineData("Bash(*)", null)]
    [InlineData("WebFetch", null)]
    public void Has_the_words_that_a_denied_command_begins_with(string rule, string? words) =>
        Assert.Equal(words, ToolRule.TryParse(rule)!.CommandPrefix is { } prefix ? string.Join(' ', prefix) : null);

    [Fact]
    public void Lets_only_named_tools_be_called_where_there_is_such_a_list() =>
        Assert.Equal("not in tools.allow: Read, Edit", new ToolRules(["Read", "Edit"], []).WhyNot("Bash", "ls"));

    [Fact]
    public void Keeps_a_change_back_when_a_denied_program_ran_beside_the_agent_and_not_when_a_check_ran_it()
    {
        var rules = new ToolRules([], ["Bash(git push:*)"]);

        var finding = Assert.Single(ToolGate.Review(rules, [Started("agent-1", "git", "push"), Started("check-1", "git", "push"), Started("agent-1", "git", "status")]));

        Assert.Equal(("denied_command", FindingSeverity.Block), (finding.Gate, finding.Severity));
        Assert.Equal("Bash(git push:*) is denied; command 7 of agent-1 was git push", finding.Evidence);
    }

    [Fact]
    public void Becomes_a_wall_where_there_is_one()
    {
        var request = ToolBounds.Apply(new RunRequest
        {
            Prompt = "p",
            Repository = "r",
            RequestedBy = "somebody",
            Tools = new ToolRules([], ["Edit(legacy/**)", "Read(secrets/**)", "WebFetch(domain:example.com)", "WebFetch"]),
            Context = new ContextView([], ["**/*.log"]),
        });

        Assert.Equal(["**/*.log", "secrets/**"], request.Context.Exclude);
        Assert.Equal(["legacy/**", "**/*.log", "secrets/**"], request.Rules.Never);
        Assert.Equal(["!example.com"], request.Network.Allow);
        Assert.Equal(ToolBounds.Apply(request).Rules.Never, request.Rules.Never);
    }

    [Fact]
    public void Is_refused_when_nobody_would_keep_it()
    {
        var rules = new ToolRules(["Read"], ["WebFetch", "Bash(git push:*)", "Edit(legacy/**)"]);
        var plain = new AgentDescription { Name = "mine", Title = "Mine", Wire = "", Command = ["mine"] };

        Assert.Equal(["unenforced_tool_rule", "unenforced_tool_rule"], ToolBounds.Unkept(rules, plain).Select(failure => failure.Code));
        Assert.Empty(ToolBounds.Unkept(rules, plain with { Command = ["mine", "--deny", "{deny}", "--tools", "{tools}"] }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bash(")]
    [InlineData("Bash()")]
    [InlineData("(x)")]
    [InlineData("two words")]
    public void Must_have_the_form_of_one(string text) => Assert.Null(ToolRule.TryParse(text));

    private static CommandStarted Started(string sandbox, params string[] arguments) =>
        new(sandbox, 7, 1, 0, "/usr/bin/" + arguments[0], "", arguments, false, "", "/workspace");
}
