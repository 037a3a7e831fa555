using Ringfence.Review;
using Ringfence.Tests.Workspaces;
using Xunit;

namespace Ringfence.Tests.Review;

public sealed class A_reviewed_change_set : IDisposable
{
    private readonly WorkspaceFixture fixture = new("""
        git init -q .; mkdir tests; printf '[Fact]\npublic void Works() { Assert.Equal(1, One()); }\n' > tests/A.cs; echo '{"dependencies":{}}' > package.json; git add .; git commit -qm first
        """);

    [Fact]
    public async Task Is_read_from_the_collected_tree_and_found_out()
    {
        var workspace = await fixture.PrepareAsync();
        var changes = await WorkspaceFixture.ChangeAsync(workspace, """
            rm tests/A.cs; echo '{"dependencies":{"evil":"1"},"scripts":{"postinstall":"x"}}' > package.json; ln -s /etc/passwd link; head -c 100 /dev/urandom > blob; printf '\0' >> blob
            echo 'key = AKIAIOSFODNN7ABCDEFG' > notes.txt; mkdir .GIT; echo x > .GIT/config; head -c 5000000 /dev/zero | tr '\0' 'x' > long.txt; mkdir -p .vscode; echo '{}' > .vscode/tasks.json
            """);
        Shell.RunInside(workspace, "echo 'nothing to see' > notes.txt"); // after the collection: no gate looks at the folder

        var files = await ReviewReader.ReadAsync(workspace, changes, TestContext.Current.CancellationToken);
        var found = Gates.Review(new ReviewRules { Tests = FindingSeverity.Block, Dependencies = FindingSeverity.Ask }, changes, files.Value);

        Assert.Equal(
            [
                "Block left_out .GIT", "Block secret notes.txt:1", "Block symlink link", "Block test_deleted tests/A.cs",
                "Ask auto_executing .vscode/tasks.json", "Ask auto_executing package.json", "Ask dependency_added package.json", "Ask unread long.txt", "Note binary blob",
            ],
            found.OrderByDescending(f => f.Severity).ThenBy(f => f.Gate, StringComparer.Ordinal).ThenBy(f => f.Place, StringComparer.Ordinal).Select(f => $"{f.Severity} {f.Gate} {f.Place}"));
    }

    public void Dispose() => fixture.Dispose();
}
