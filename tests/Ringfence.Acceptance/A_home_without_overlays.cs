using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>The home is on a container's own file system, on which the kernel lays no overlay: everything works in copies, and says so.</summary>
public sealed class A_home_without_overlays
{
    // A home on an overlay, seen by nobody else; $1 is the home's folder.
    private const string Within = """
        mkdir -p "$1.l" "$1.u" "$1.w" "$1"; mount -t overlay overlay -o "lowerdir=$1.l,upperdir=$1.u,workdir=$1.w" "$1"; shift; exec "$@"
        """;

    [Fact(Timeout = Patience)]
    public async Task Serves_a_run_from_its_checks_to_its_branch_with_one_line_about_it()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"), ("old/file", "old\n"));

        var run = await InsideAsync(ringfence, $$"""
            ringfence run -p 'Write a greeting' --model simulated-model --done 'grep -q hello greeting.txt && test -e old/file' --done '! test -e left' 
            ringfence audit export
            """);

        Assert.True(run.ExitCode == 0, run.ToString());
        await ringfence.ScriptWasPlayedAsync();
        Assert.Single(run.Error.Split('\n'), line => line.Contains("works in a copy of the repository", StringComparison.Ordinal));
        Assert.Contains("workspace: weaker; a copy of the base", run.Output, StringComparison.Ordinal);
        var branch = (await ringfence.GitAsync("for-each-ref", "--format=%(refname:short)", "refs/heads/ringfence/")).Trim();
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"{branch}:greeting.txt"));
        Assert.Equal("A\tgreeting.txt\n", await ringfence.GitAsync("diff", "--name-status", $"{branch}~1", branch));
    }

    [Fact(Timeout = Patience)]
    public async Task Serves_any_command_and_the_doctor()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("old", "old\n"), ("folder/file", "file\n"));

        var run = await InsideAsync(ringfence, """
            ringfence sandbox --repo . --write-through --record ../events.jsonl -- sh -c 'rm -r folder; echo new > new; cat old'
            ringfence doctor --json > ../doctor.json # 0, although its disk cannot be held to a rate, since there is none below this file system: only who asks for it needs that
            code=0; ringfence doctor --strict > /dev/null || code=$?; test $code = 9
            """);

        Assert.True(run.ExitCode == 0 && run.Output == "old\n", run.ToString());
        Assert.Equal(["copying", "changes"], run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[1]));
        Assert.Equal(["new", "old"], Directory.EnumerateFileSystemEntries(ringfence.Repository).Select(Path.GetFileName).Where(name => name != ".git").Order(StringComparer.Ordinal));
        Assert.Equal(
            ["added new", "deleted folder/file"],
            File.ReadLines(Path.Combine(ringfence.Repository, "..", "events.jsonl")).Select(line => JsonNode.Parse(line)!).Where(line => (string?)line["type"] == "file.changed")
                .Select(line => $"{line["data"]!["operation"]} {line["data"]!["path"]}").Order(StringComparer.Ordinal));
        Assert.Contains("a copy of the base", await File.ReadAllTextAsync(Path.Combine(ringfence.Repository, "..", "doctor.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<CliResult> InsideAsync(RunningRingfence ringfence, string script)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Mounting a file system that cannot hold an overlay's changes needs root.");
        await using var shell = Cli.Start(
            "unshare",
            ["--mount", "--propagation", "private", "bash", "-euc", Within, "bash", ringfence.Home, "bash", "-euc", $"ringfence() {{ dotnet {Checkout.Ringfence} \"$@\"; }}\n{script}"],
            ringfence.Repository, ringfence.Environment);
        return await shell.EndsAsync(TestContext.Current.CancellationToken);
    }
}
