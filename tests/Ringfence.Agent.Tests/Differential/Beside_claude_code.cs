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
        var differences = (await Difference.OfAsync(name)).Where(d => !Difference.Intended.Any(i => i.Covers(name, d))).ToArray();

        Assert.True(differences.Length == 0, $"{name}:\n{string.Join('\n', differences)}");
    }

    [Fact]
    public async Task Differs_still_in_all_that_is_intended()
    {
        ClaudeCode.SkipWithout();
        var found = new List<(string Conversation, string Difference)>();

        foreach (var name in Conversations.All.Select(c => c.Name))
        {
            found.AddRange((await Difference.OfAsync(name)).Select(d => (name, d)));
        }

        var gone = Difference.Intended.Where(i => i.IsAlwaysThere && !found.Exists(f => i.Covers(f.Conversation, f.Difference))).ToArray();
        Assert.True(gone.Length == 0, "No conversation shows these any more; take them out of intended.txt, and out of the documentation with the last of a row:\n" + string.Join('\n', gone.AsEnumerable()));
    }

    [Fact]
    public void Differs_only_as_the_documentation_says()
    {
        var documented = File.ReadAllText(Path.Combine(Node.Directory, "../../../docs/compatibility.md"));

        Assert.All(Difference.Intended, i => Assert.Contains($"| {i.Because} |", documented, StringComparison.Ordinal));
    }
}
