using Ringfence.Review;
using Xunit;

namespace Ringfence.Tests.Review;

/// <summary>An agent writes what the gates read. Whatever it writes, the review ends, and what it finds can be read by people.</summary>
public sealed class A_text_made_to_hold_up_its_review
{
    private const int Size = 100_000;

    // Far beyond what any of these takes on a busy machine; a pattern that can be led astray would take hours, or for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string[] Names = ["a.csproj", "packages.config", "go.mod", "Cargo.toml", "pyproject.toml", "Pipfile", "Gemfile", "pom.xml", "setup.py", "requirements.txt", "build.gradle", "tests/A.cs"];

    [Theory]
    [InlineData("[Fact]", "[a]")]
    [InlineData("", "[Fact]\n[a] ")]
    [InlineData("@Test ", "@a ")]
    [InlineData("@Test\n", "@a\n")]
    [InlineData("#[test] ", "#[a] ")]
    [InlineData("", "it.each(")]
    [InlineData("", "\\\"")]
    [InlineData("Assert.Equal(", "\"\\")]
    [InlineData("", "eyJ-")]
    [InlineData("", "eyJaaaaaaaaaaa.")]
    [InlineData("token = \"", "token")]
    [InlineData("", "token_")]
    [InlineData("", "a-a://a:")]
    [InlineData("<PackageReference ", "Include=")]
    [InlineData("", "<PackageReference ")]
    [InlineData("<package ", "id=\"a\" ")]
    [InlineData("", "<dependency><groupId>")]
    [InlineData("", "a = [")]
    [InlineData("[project]\n", "a=[\"'b\",")]
    [InlineData("[packages]\na", " ")]
    [InlineData("[packages]\n", "a ")]
    [InlineData("", "\n")]
    [InlineData("", " \n")]
    [InlineData("", "\"a[")]
    [InlineData("id", " ")]
    [InlineData("", "a.bb/")]
    [InlineData("a ", "\t")]
    [InlineData("", "a")]
    [InlineData("", "-----BEGIN A ")]
    public async Task Is_read_to_its_end(string start, string again)
    {
        var text = start + string.Concat(Enumerable.Repeat(again, Size / again.Length)) + "!\n";
        var files = Names.Select(name => Change.File(name, null, text)).ToArray();

        // One that went on and on would throw here.
        await Task.Run(() => Change.Review(files), TestContext.Current.CancellationToken).WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Is_not_repeated_whole_as_evidence()
    {
        var found = Change.Review(Change.File("a.csproj", null, "<Exec Command=\"" + new string('x', Size) + "\" />\n"));

        Assert.All(found, finding => Assert.InRange(finding.Evidence.Length, 1, 1000));
    }

    [Fact]
    public void Leaves_the_gravest_findings_and_a_count_of_the_rest()
    {
        var weak = string.Concat(Enumerable.Range(0, 5000).Select(i => $"api_key = \"q8Zr2LmX0vK7tYw4Bn6P{i}\"\n"));
        var found = Change.Review(Change.File("a.txt", null, weak + "AKIAIOSFODNN7EXAMPLF\n")).Where(f => f.Gate == "secret").ToList();

        Assert.Equal(201, found.Count);
        Assert.Equal(("a.txt:5001", FindingSeverity.Block), (found[0].Place, found[0].Severity));
        Assert.Equal(new Finding("secret", FindingSeverity.Ask, ".", "4801 more findings of this kind"), found[^1]);
    }
}
