using Xunit;

namespace Ringfence.Acceptance;

/// <summary>A workflow that <c>ringfence init</c> wrote does its work, from the file to the branch, and as a git hook.</summary>
public sealed class A_template
{
    [Fact(Timeout = Patience)]
    public async Task Fixes_failing_tests()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - require: [{ prompt: "Run `./test.sh` and read every failure" }]
                calls: [{ tool: Bash, input: { command: ./test.sh } }]
              - require: [{ result: { tool: Bash, contains: "expected 4, got 5" } }]
                calls: [{ tool: Read, input: { file_path: /workspace/add.sh } }]
              - calls: [{ tool: Edit, input: { file_path: /workspace/add.sh, old_string: "$1 + $2 + 1", new_string: "$1 + $2" } }]
              - require: [{ result: { tool: Edit, error: false } }]
                text: An addend too many.
            """);
        await ringfence.CommitAsync(
            ("add.sh", "#!/bin/sh\necho $(($1 + $2 + 1))\n"),
            ("test.sh", "#!/bin/sh\ngot=$(./add.sh 2 2)\n[ \"$got\" = 4 ] || { echo \"expected 4, got $got\"; exit 1; }\n"));

        var init = await ringfence.CliAsync("init", "fix-tests");
        var run = await ringfence.CliAsync("run", "-w", "fix-tests", "--model", "simulated-model", "--quiet");

        Assert.True(init.ExitCode == 0, init.ToString());
        Assert.True(run.ExitCode == 0, run.ToString());
        await ringfence.ScriptWasPlayedAsync();
        Assert.Equal("#!/bin/sh\necho $(($1 + $2))\n", await ringfence.GitAsync("show", $"{run.Lines[0]}:add.sh"));
    }

    [Fact(Timeout = Patience)]
    public async Task Blocks_a_commit_that_its_review_finds_wanting_and_lets_a_better_one_pass()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            conversations:
              - name: careless
                when: { prompt: "Review what is about to be committed" }
                turns:
                  - calls: [{ tool: Bash, input: { command: git diff HEAD~1 HEAD } }]
                  - require: [{ result: { tool: Bash, contains: "+rm -rf $HOME/$1", lacks: not staged } }]
                    calls: [{ tool: Write, input: { file_path: /workspace/REVIEW.md, content: "Verdict: block\n\n- `clean.sh:1`, without an argument it removes the home folder.\n" } }]
                  - text: It must not go in.
              - name: careful
                when: { prompt: "Review what is about to be committed" }
                turns:
                  - calls: [{ tool: Bash, input: { command: git diff HEAD~1 HEAD } }]
                  - require: [{ result: { tool: Bash, contains: "+echo clean" } }]
                    calls: [{ tool: Write, input: { file_path: /workspace/REVIEW.md, content: "Verdict: pass\n\nNothing found.\n" } }]
                  - text: It may go in.
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        PutOnPath(ringfence);
        await ringfence.CliAsync("init", "review", "--hook", "pre-commit");
        ringfence.Write(".ringfence/workflows/review.md", ringfence.Read(".ringfence/workflows/review.md").Replace("output: none", "output: none\nmodel: simulated-model", StringComparison.Ordinal));
        ringfence.Write("clean.sh", "rm -rf $HOME/$1\n");
        await ringfence.GitAsync("add", "clean.sh");
        ringfence.Write("clean.sh", "rm -rf $HOME/$1 # not staged\n");

        var blocked = await CommitAsync(ringfence);

        Assert.Equal(1, blocked.ExitCode);
        Assert.Contains("`clean.sh:1`, without an argument it removes the home folder.", blocked.Error, StringComparison.Ordinal);
        Assert.Contains("The review blocks this commit.", blocked.Error, StringComparison.Ordinal);

        ringfence.Write("clean.sh", "echo clean\n");
        await ringfence.GitAsync("add", "clean.sh");
        var passed = await CommitAsync(ringfence);

        Assert.True(passed.ExitCode == 0, passed.ToString());
        await ringfence.ScriptWasPlayedAsync();
        Assert.Equal("clean.sh\n", await ringfence.GitAsync("show", "--name-only", "--format=", "HEAD"));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_listed_with_what_it_does()
    {
        await using var ringfence = await RunningRingfence.StartAsync(script: null);

        var listed = await ringfence.CliAsync("init");

        Assert.Equal(0, listed.ExitCode);
        Assert.Contains(listed.Lines, line => line.StartsWith("review ", StringComparison.Ordinal) && line.Contains("findings", StringComparison.Ordinal));
    }

    /// <summary>One of each shape: started by a change, by a schedule, by hand.</summary>
    [Fact(Timeout = Patience)]
    public async Task Has_a_workflow_that_GitHubs_own_parser_takes()
    {
        var packages = Path.Combine(Checkout.Root, "tests", "Ringfence.Agent.Tests", "npm");
        Assert.SkipUnless(Directory.Exists(Path.Combine(packages, "node_modules", "@actions")), "The npm packages are not installed: eng/setup.sh --test installs them.");
        await using var ringfence = await RunningRingfence.StartAsync(script: null);
        await ringfence.CommitAsync(("README.md", "# A project\n"), ("broken.yml", "on: push\njobs: { a: { runs-onn: x, steps: [] } }\n"));
        string[] templates = ["review", "update-dependencies", "fix-tests"];

        foreach (var template in templates)
        {
            var made = await ringfence.CliAsync("init", template, "--done", "make test", "--ci", "github");
            Assert.True(made.ExitCode == 0, made.ToString());
        }

        Task<string> MistakesAsync(params IEnumerable<string> files) => NodeAsync(ringfence, [Path.Combine(packages, "workflows.mjs"), .. files]);
        Assert.Contains("Unexpected value 'runs-onn'", await MistakesAsync("broken.yml"), StringComparison.Ordinal);
        Assert.Equal("", await MistakesAsync(templates.Select(template => $".github/workflows/ringfence-{template}.yml")));
    }

    private static async Task<string> NodeAsync(RunningRingfence ringfence, string[] arguments)
    {
        await using var node = Cli.Start("node", arguments, ringfence.Repository, ringfence.Environment);
        var end = await node.EndsAsync(TestContext.Current.CancellationToken);
        Assert.True(end.ExitCode == 0, end.ToString());
        return end.Output;
    }

    private static async Task<CliResult> CommitAsync(RunningRingfence ringfence)
    {
        await using var git = Cli.Start("git", ["commit", "-q", "-m", "Clean up"], ringfence.Repository, ringfence.Environment);
        return await git.EndsAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>As an installation has it: a program named <c>ringfence</c> on the PATH, which the hook calls.</summary>
    private static void PutOnPath(RunningRingfence ringfence)
    {
        var program = Path.Combine(ringfence.Temporary, "ringfence");
        Tests.Executable.Write(program, $"#!/bin/sh\nexec dotnet \"{Checkout.Ringfence}\" \"$@\"\n");
        ringfence.Environment["PATH"] = $"{ringfence.Temporary}:{ringfence.Environment["PATH"]}";
    }
}
