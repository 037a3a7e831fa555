using Ringfence.Tests.Workspaces;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Workflows;

/// <summary>A server starts a workflow as the repository's HEAD has it, found by its file's name, whoever asks: a call, a schedule or a webhook.</summary>
public sealed class A_merged_workflow : IDisposable
{
    private readonly WorkspaceFixture fixture = new(
        """
        git init -q -b main . && mkdir -p .ringfence/workflows/below && cd .ringfence/workflows
        printf -- '---\nname: fix\n---\nFix it.\n' > fix.md
        printf -- 'prompt: Other words.\n' > fix.yaml
        printf -- '---\nname: somebody-else\n---\nGo.\n' > named.md
        printf -- '---\nsoup: 1\nsalt: 2\n---\nGo.\n' > broken.md
        printf -- 'Just notes.\n' > README.txt
        printf -- '---\n---\nGo.\n' > below/hidden.md
        { printf -- '---\n---\nGo.\n'; head -c 1100000 /dev/zero | tr '\0' x; } > large.md
        ln -s /etc/passwd link.md
        git add . && git commit -qm workflows
        printf -- '---\n---\nGo.\n' > uncommitted.md
        """);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Is_found_by_the_name_of_its_file_alone(bool isFetched)
    {
        var read = (await new RepositoryWorkflows(fixture.Home, TimeProvider.System).ReadAsync(Address(isFetched), Cancel)).Value;

        Assert.Equal(["fix"], read.Workflows.Keys);
        Assert.Equal("Fix it.", read.Find("fix").Value.Prompt);
        Assert.Equal(["broken", "fix", "large", "named"], read.Mistakes.Select(mistake => mistake.Name).Order());
        Assert.Contains("'name' is 'somebody-else', and the file is called 'named'", read.Find("named").Failures[0].Message, StringComparison.Ordinal);
        Assert.Equal(2, read.Find("broken").Failures.Count);
        Assert.Contains("larger than a workflow may be", read.Find("large").Failures[0].Message, StringComparison.Ordinal);
        Assert.Contains("another file", read.Mistakes.Single(mistake => mistake.Name == "fix").Failures[0].Message, StringComparison.Ordinal);
        Assert.All(["uncommitted", "hidden", "link", "README", "somebody-else"], name => Assert.Equal("unknown_workflow", read.Find(name).Failures[0].Code));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Is_read_again_when_HEAD_has_moved_and_not_before(bool isFetched)
    {
        var workflows = new RepositoryWorkflows(fixture.Home, TimeProvider.System);
        var first = (await workflows.ReadAsync(Address(isFetched), Cancel)).Value;

        Assert.Same(first, (await workflows.ReadAsync(Address(isFetched), Cancel)).Value);
        Shell.Run(fixture.Repository, "printf -- '---\ndone: make\n---\nFix it well.\n' > .ringfence/workflows/fix.md && git commit -qam better");
        var second = (await workflows.ReadAsync(Address(isFetched), Cancel)).Value;

        Assert.Equal("Fix it well.", second.Find("fix").Value.Prompt);
        Assert.NotEqual(first.Commit, second.Commit);
    }

    [Fact]
    public async Task Is_none_where_there_is_no_folder_of_them_and_no_more_than_two_hundred()
    {
        using var empty = new WorkspaceFixture();
        Assert.Empty((await new RepositoryWorkflows(empty.Home, TimeProvider.System).ReadAsync(empty.Repository, Cancel)).Value.Workflows);

        Shell.Run(empty.Repository, "mkdir -p .ringfence/workflows && for i in $(seq 100 310); do printf -- '---\ndone: make\n---\nGo.\n# %s' $i > .ringfence/workflows/w$i.md; done && git add . && git commit -qm many");
        var many = (await new RepositoryWorkflows(empty.Home, TimeProvider.System).ReadAsync(empty.Repository, Cancel)).Value;

        Assert.Equal(200, many.Workflows.Count);
        Assert.Contains("200 workflow files before it", many.Find("w310").Failures[0].Message, StringComparison.Ordinal);
    }

    private string Address(bool isFetched) => isFetched ? $"file://{fixture.Repository}" : fixture.Repository;
}
