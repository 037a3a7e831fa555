using System.Diagnostics;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary>Real commands, as a user or an agent types them.</summary>
public static class Shell
{
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")!,
        ["HOME"] = "/nonexistent",
        ["LC_ALL"] = "C.UTF-8",
        ["GIT_CONFIG_GLOBAL"] = "/dev/null",
        ["GIT_CONFIG_NOSYSTEM"] = "1",
        ["GIT_AUTHOR_NAME"] = "Ada Lovelace",
        ["GIT_AUTHOR_EMAIL"] = "ada@example.com",
        ["GIT_COMMITTER_NAME"] = "Ada Lovelace",
        ["GIT_COMMITTER_EMAIL"] = "ada@example.com",
        ["GIT_CONFIG_COUNT"] = "3",
        ["GIT_CONFIG_KEY_0"] = "init.defaultBranch",
        ["GIT_CONFIG_VALUE_0"] = "main",
        ["GIT_CONFIG_KEY_1"] = "protocol.file.allow",
        ["GIT_CONFIG_VALUE_1"] = "always",

        // Newer ones leave it to a process that goes on by itself, while a test compares or deletes what is there.
        ["GIT_CONFIG_KEY_2"] = "maintenance.auto",
        ["GIT_CONFIG_VALUE_2"] = "false",
    };

    /// <summary>Runs a bash script and returns what it printed; a failing command fails the test with its words.</summary>
    public static string Run(string folder, string script, params string[] arguments) => Execute(folder, ["bash", "-euo", "pipefail", "-c", script, .. arguments]);

    /// <summary>Runs a script as an agent would: in the workspace's real overlay, in namespaces of its own.</summary>
    public static string RunInside(Workspace workspace, string script) => RunInside(workspace.Mount, script, workspace.Mounts[0].Source);

    /// <param name="objects">Where git finds the history; a sandbox mounts it at the place that the workspace names.</param>
    public static string RunInside(WorkspaceMount mount, string script, string objects = "")
    {
        var work = mount.Upper + ".work";
        var merged = mount.Upper + ".merged";

        foreach (var left in new[] { work, merged }.Where(Directory.Exists))
        {
            Directory.Delete(left, recursive: true);
        }

        Directory.CreateDirectory(work);
        Directory.CreateDirectory(merged);

        return Execute("/", ["unshare", "--user", "--map-root-user", "--mount", "bash", "-euo", "pipefail", "-c",
            """mount -t overlay overlay -o "lowerdir=$0,upperdir=$1,workdir=$2,userxattr" "$3"; cd "$3"; export GIT_ALTERNATE_OBJECT_DIRECTORIES="$5"; eval "$4" """,
            mount.Lower, mount.Upper!, work, merged, script, objects]);
    }

    private static string Execute(string folder, string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();

        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} in {folder} ended with {process.ExitCode}: {error.Result}{output}");
        return output.TrimEnd('\n');
    }
}
