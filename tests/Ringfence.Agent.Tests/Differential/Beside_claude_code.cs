using Ringfence.Tests.Support;

namespace Ringfence.Tests.Differential;

/// <summary>
/// The same conversations, flags and simulated model for the real Claude Code and for ringfence-agent. What a program can see of them is the same, but for the
/// differences in <c>intended.txt</c>, each of which <c>docs/compatibility.md</c> tells its readers.
/// </summary>
public sealed class Beside_claude_code
{
    public static TheoryData<string> Names => [.. Conversations.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_the_same_but_for_what_is_intended(string name)
    {
        ClaudeCode.SkipWithout();
        var conversation = Conversations.All.Single(c => c.Name == name);
        var (theirs, ours) = (Outcome.OfAsync(conversation, ofClaudeCode: true), Outcome.OfAsync(conversation, ofClaudeCode: false));
        var differences = Difference.Between(await theirs, await ours).Where(d => !Difference.Intended.Any(i => i.Covers(name, d))).ToArray();

        Assert.True(differences.Length == 0, $"{name}:\n{string.Join('\n', differences)}");
    }

    [Fact]
    public void Differs_only_as_the_documentation_says()
    {
        var documented = File.ReadAllText(Path.Combine(Node.Directory, "../../../docs/compatibility.md"));

        Assert.All(Difference.Intended, i => Assert.Contains($"| {i.Because} |", documented, StringComparison.Ordinal));
    }
}
