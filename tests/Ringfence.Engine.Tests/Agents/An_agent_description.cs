using Ringfence.Agents;
using Xunit;

namespace Ringfence.Tests.Agents;

public sealed class An_agent_description
{
    [Fact]
    public void Is_there_for_every_built_in_agent()
    {
        var catalog = new AgentCatalog(Path.Combine(Path.GetTempPath(), "no-such-home"));

        Assert.Contains("ringfence-agent", catalog.Names);
        Assert.All(catalog.Names, name => Assert.Equal(name, catalog.Find(name).Value.Name));
    }

    [Fact]
    public void Is_refused_with_every_mistake_and_its_place()
    {
        var failures = new AgentDescriptionReader("x.yaml").Read(
            """
            name: x
            wire: telepathy
            comand: [x]
            terminal_status: 200
            """).Failures;

        Assert.Equal(4, failures.Count);
        Assert.Contains(failures, f => f.Message.StartsWith("x.yaml:3:1: Unknown key 'comand'", StringComparison.Ordinal));
        Assert.Contains(failures, f => f.Message.Contains("'telepathy'", StringComparison.Ordinal) && f.Hint!.Contains("anthropic", StringComparison.Ordinal));
        Assert.Contains(failures, f => f.Message.Contains("'command' is missing", StringComparison.Ordinal));
        Assert.Contains(failures, f => f.Message.Contains("from 400 to 499", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[1.0.0, 1.0.9]", true)]
    [InlineData("[1.0.0]", false)]
    [InlineData("[1.0.6, 1.0.9]", false)]
    [InlineData("[1.0.0, newest]", false)]
    public void Names_a_tested_range_with_its_version_in_it(string tested, bool good)
    {
        var read = new AgentDescriptionReader("x.yaml").Read(
            $$"""
            name: x
            command: ["{agent}"]
            package: { name: x, version: 1.0.5, executable: x, tested: {{tested}} }
            """);

        Assert.Equal(good, !read.IsFailure);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("nobody")]
    public void Is_looked_for_by_name_only(string name) =>
        Assert.Equal("unknown_agent", Assert.Single(new AgentCatalog("/nowhere").Find(name).Failures).Code);

    [Fact]
    public void Drops_a_flag_whose_placeholder_has_no_value()
    {
        var template = new AgentTemplate("do it", "token", Model: null, Turns: 7, Session: null);

        Assert.Equal(
            ["agent", "-p", "do it", "--max-turns", "7"],
            template.Arguments(["agent", "-p", "{prompt}", "--model", "{model}", "--max-turns", "{turns}", "--resume", "{session}"]));
    }

    [Fact]
    public void Leaves_braces_alone_that_are_no_placeholder()
    {
        var template = new AgentTemplate("{token} {model}", "secret", null, null, null);

        Assert.Equal("{token} {model}", template.Fill("{prompt}"));
        Assert.Equal("{\"a\":1}", template.Fill("{\"a\":1}"));
    }
}
