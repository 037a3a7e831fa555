using Xunit;

namespace Ringfence.Acceptance;

/// <summary>What is wrong with a workflow is told with its place; what this machine could not run is told too, and is no mistake of the file.</summary>
public sealed class A_linted_workflow
{
    [Theory(Timeout = Patience)]
    [InlineData("claude-opus-5-5", false)]
    [InlineData("anthropic/claude-opus-5-5", false)]
    [InlineData("simulated-model", false)]
    [InlineData("nobodys-model-7", true)]
    public async Task Is_right_and_warned_of_when_its_model_has_no_price(string model, bool isWarned)
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await ringfence.CommitAsync((".ringfence/workflows/w.md", $"---\nmodel: {model}\n---\nGo.\n"));

        var lint = await ringfence.CliAsync("lint", "w");

        Assert.Equal((0, "w: no mistakes\n"), (lint.ExitCode, lint.Output));
        Assert.Equal(isWarned, lint.Error.Contains($"no price for the model '{model}'", StringComparison.Ordinal));
        Assert.Equal(isWarned, lint.Error.Contains("[no_price]", StringComparison.Ordinal) && lint.Error.Contains("ringfence prices import", StringComparison.Ordinal));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_called_what_its_file_is_called()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await ringfence.CommitAsync((".ringfence/workflows/w.md", "---\ndone: make\nname: other\n---\nGo.\n"));

        var lint = await ringfence.CliAsync("lint", "w");

        Assert.Equal(2, lint.ExitCode);
        Assert.Matches(@"w\.md:3:\d+: 'name' is 'other', and the file is called 'w'\. \[bad_workflow\]", lint.Error);
    }
}
