using Ringfence.Sandboxes;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary><c>--write-through</c>: what a sandbox left in its overlay reaches the user's folder, and nothing in it leads anywhere else or runs there.</summary>
public sealed class Changes_brought_into_a_folder : IDisposable
{
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("ringfence-through-");

    [Fact]
    public void Are_files_links_deletions_and_replaced_folders()
    {
        Bring(
            "echo old > changed; echo old > gone; mkdir -p replaced/deep; echo old > replaced/deep/old; echo old > becomes-folder; mkdir becomes-file; echo old > becomes-file/x",
            "echo new > changed; rm gone; rm -r replaced; mkdir replaced; echo new > replaced/new; rm becomes-folder; mkdir becomes-folder; echo new > becomes-folder/y; rm -r becomes-file; echo new > becomes-file; ln -s changed link; mkdir -p a/b; echo x > a/b/c; chmod 4755 a/b/c");

        Assert.Equal(
            "a/b/c becomes-file becomes-folder/y changed link replaced/new",
            Shell.Run(Folder, "find . -not -type d | sort | sed 's|^./||' | tr '\\n' ' '").Trim());
        Assert.Equal("new", File.ReadAllText(Path.Combine(Folder, "changed")).Trim());
        Assert.Matches("^7[05]{2}$", Shell.Run(Folder, "stat -c %a a/b/c").Trim()); // as the umask wants it
    }

    [Fact]
    public void Never_land_behind_a_symbolic_link_of_the_folder_or_of_the_changes()
    {
        var outside = place.CreateSubdirectory("outside").FullName;
        Bring($"ln -s {outside} theirs", $"rm theirs; mkdir theirs; echo evil > theirs/file; ln -s {outside} ours");

        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.True(File.Exists(Path.Combine(Folder, "theirs", "file")));
        Assert.Equal(outside, new FileInfo(Path.Combine(Folder, "ours")).LinkTarget);
    }

    [Theory]
    [InlineData(".git")]
    [InlineData("sub/.git")]
    [InlineData("sub/.GIT")]
    [InlineData("sub/git~1")]
    [InlineData("sub/.git ")]
    [InlineData("sub/.g\u200cit")]
    public void Hold_no_git_data_that_git_on_the_host_would_run(string name)
    {
        Bring("git init -q .", $"mkdir -p '{name}/hooks'; printf '[core]\\n fsmonitor = touch {place.FullName}/ran\\n' > '{name}/config'; echo ref: refs/heads/x > '{name}/HEAD'; mkdir -p '{name}/objects' '{name}/refs'; echo x > '{name}/marker'; echo kept > kept");

        Assert.Equal("kept", File.ReadAllText(Path.Combine(Folder, "kept")).Trim());
        Shell.Run(Folder, "git status >/dev/null; cd sub 2>/dev/null && git status >/dev/null 2>&1; true");
        Assert.False(File.Exists(Path.Combine(place.FullName, "ran")));
        Assert.False(File.Exists(Path.Combine(Folder, name, "marker")));
    }

    [Fact]
    public void Are_listed_however_deep_they_lie_and_whatever_their_names()
    {
        var upper = place.CreateSubdirectory("upper").FullName;
        Shell.Run(upper, "d=$(printf 'folder-%.0s' $(seq 30)); for i in $(seq 40); do mkdir $d; cd -P $d 2> /dev/null; done; echo x > bottom");
        Shell.Run(upper, "printf x > \"$(printf 'a\\nb\\033[31m')\"; printf x > \"$(printf '\\377\\376')\"; mkfifo pipe");

        var found = WorkspaceChanges.Walk(new WorkspaceMount(upper, upper)).ToList();

        Assert.Equal(40 + 1 + 3, found.Count);
        Assert.Single(found, entry => entry.Path.Span.EndsWith("/bottom"u8) && entry.Path.Length > 4096);
        Assert.Single(found, entry => entry.Kind is WorkspaceChangeKind.Special);
        Assert.All(found, entry => Assert.DoesNotContain(entry.ToString(), char.IsControl));
    }

    public void Dispose() => Shell.Run("/", "rm -rf -- \"$0\"", place.FullName);

    private string Folder => Path.Combine(place.FullName, "folder");

    private void Bring(string there, string changes)
    {
        var upper = place.CreateSubdirectory("upper").FullName;
        Shell.Run(place.CreateSubdirectory("folder").FullName, there);
        Shell.RunInside(new WorkspaceMount(Folder, upper), changes);
        var mount = new WorkspaceMount(Folder, upper);
        WriteThrough.Apply(mount, WriteThrough.Changes(mount), Folder);
    }
}
