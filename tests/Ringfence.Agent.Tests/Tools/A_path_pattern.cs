using Ringfence.Agent.Tools;

namespace Ringfence.Tests.Tools;

public sealed class A_path_pattern
{
    [Theory]
    [InlineData("**/*.cs", "a.cs", true)]
    [InlineData("**/*.cs", "a/b/c.cs", true)]
    [InlineData("a/**/z", "a/z", true)]
    [InlineData("a/**/z", "a/b/c/z", true)]
    [InlineData("a/**/z", "b/z", false)]
    [InlineData("a/**/b/**/c", "a/b/x/b/y/c", true)]
    [InlineData("a/**/b/**/c", "a/x/c", false)]
    [InlineData("**/a/b/**", "x/a/c/a/b/d", true)]
    [InlineData("a/**", "a", true)]
    [InlineData("**", "", true)]
    [InlineData("a/*", "a", false)]
    [InlineData("{a,b/**}/c", "b/x/c", true)]
    public void Matches_folders_of_any_depth_where_it_says_so(string pattern, string path, bool matches) => Assert.Equal(matches, new GlobPattern(pattern).Matches(path));

    [Fact(Timeout = Patience)]
    public async Task Costs_no_more_than_its_length_times_that_of_the_path()
    {
        var pattern = new GlobPattern(string.Concat(Enumerable.Repeat("**/a/", 30)) + "b");
        var path = string.Concat(Enumerable.Repeat("a/", 1000)) + "c";

        Assert.False(await Task.Run(() => pattern.Matches(path), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Stands_for_no_more_patterns_than_anybody_means() =>
        Assert.Throws<ArgumentException>(() => new GlobPattern(string.Concat(Enumerable.Repeat("{a,b}", 40))));
}
