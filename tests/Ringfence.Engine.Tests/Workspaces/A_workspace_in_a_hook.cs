using Ringfence.Tests.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Workspaces;

[Collection(Alone.Name)]
public sealed class A_workspace_in_a_hook
{
    [Fact]
    public async Task Is_made_in_an_environment_that_points_git_elsewhere()
    {
        using var fixture = new WorkspaceFixture();
        Environment.SetEnvironmentVariable("GIT_INDEX_FILE", "/nonexistent/index");

        try
        {
            Assert.False((await fixture.TryPrepareAsync()).IsFailure);
        }
        finally
        {
            Environment.SetEnvironmentVariable("GIT_INDEX_FILE", null);
        }
    }
}
