using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>One command brings back a verified change, and touches nothing else.</summary>
public sealed class A_run
{
    [Fact(Timeout = Patience)]
    public async Task Brings_back_a_branch_that_passed_the_checks()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var head = await ringfence.GitAsync("rev-parse", "HEAD");

        var run = await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model", "--done", "grep -q hello greeting.txt");

        Assert.True(run.ExitCode == 0, run.ToString());
        await ringfence.ScriptWasPlayedAsync();
        var branch = (string)(await ringfence.OnlyRunAsync())["published"]!;
        Assert.Equal("hello\n", await ringfence.GitAsync("show", $"{branch}:greeting.txt"));
        Assert.Equal(head, await ringfence.GitAsync("rev-parse", $"{branch}~1"));
        Assert.Equal(head, await ringfence.GitAsync("rev-parse", "HEAD"));
        Assert.Empty(await ringfence.GitAsync("status", "--porcelain"));
    }

    [Fact(Timeout = Patience)]
    public async Task Takes_any_program_for_an_agent()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(
            ("README.md", "# A project\n"),
            (".ringfence/workflows/note.md", "---\nagent: { command: [/bin/sh, -c, \"cat > 'what was asked.txt'; echo noted\"] }\n---\nWrite a greeting.\n"));

        var run = await ringfence.CliAsync("run", "--workflow", "note");

        Assert.True(run.ExitCode == 0, run.ToString());
        var branch = (string)(await ringfence.OnlyRunAsync())["published"]!;
        Assert.Contains("Write a greeting.", await ringfence.GitAsync("show", $"{branch}:what was asked.txt"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Leaves_uncommitted_changes_exactly_as_they_are()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("a.txt", "one\n"), ("b.txt", "one\n"), ("gone.txt", "one\n"));
        ringfence.Write("a.txt", "staged\n");
        await ringfence.GitAsync("add", "a.txt");
        ringfence.Write("a.txt", "staged and more\n");
        ringfence.Write("b.txt", "changed\n");
        ringfence.Write("greeting.txt", "mine\n");
        File.Delete(Path.Combine(ringfence.Repository, "gone.txt"));
        var before = await ringfence.GitAsync("status", "--porcelain=v2");

        var run = await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(before, await ringfence.GitAsync("status", "--porcelain=v2"));
        Assert.Equal("mine\n", ringfence.Read("greeting.txt"));
        Assert.Equal("staged and more\n", ringfence.Read("a.txt"));
    }

    [Fact(Timeout = Patience)]
    public async Task Keeps_the_real_key_outside_of_the_sandbox()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "env; cat /proc/*/environ; grep -rs stay-outside /home /tmp /etc /workspace; true" } }]
              - require: [{ result: { tool: Bash, lacks: this-key-must } }]
                calls: [{ tool: Write, input: { file_path: /workspace/done.txt, content: done } }]
              - text: done
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Look around", "--model", "simulated-model");

        Assert.True(run.ExitCode == 0, run.ToString());
        await ringfence.ScriptWasPlayedAsync();
        Assert.All(await ringfence.ModelRequestsAsync(), request => Assert.Equal(RunningRingfence.Key, (string?)request!["headers"]!["x-api-key"]));
    }

    [Fact(Timeout = Patience)]
    public async Task Gives_a_patch_that_git_applies()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model", "--output", "patch", "--quiet");

        Assert.True(run.ExitCode == 0, run.ToString());
        await ringfence.GitAsync("apply", Assert.Single(run.Lines));
        Assert.Equal("hello\n", ringfence.Read("greeting.txt"));
    }

    [Fact(Timeout = Patience)]
    public async Task Says_only_where_the_change_went_when_asked_to_be_quiet()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model", "--quiet");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.StartsWith("ringfence/", Assert.Single(run.Lines), StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact(Timeout = Patience)]
    public async Task Tells_a_script_every_event_in_order()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliWithInputAsync("Write a greeting", "run", "-p", "-", "--model", "simulated-model", "--json");

        Assert.True(run.ExitCode == 0, run.ToString());
        var lines = run.Lines.Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(Enumerable.Range(0, lines.Count - 1), lines.SkipLast(1).Select(line => (int)line["seq"]!));
        Assert.Equal("run", (string?)lines[^1]["type"]);
        Assert.Equal(0, (int?)lines[^1]["exit_code"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Has_a_record_that_verifies()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model");

        var verified = await ringfence.CliAsync("audit", "verify", (string)(await ringfence.OnlyRunAsync())["id"]!);

        Assert.True(verified.ExitCode == 0, verified.ToString());
    }

    [Fact(Timeout = Patience)]
    public async Task Goes_beside_another_run_on_the_same_repository()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            conversations:
              - name: first
                when: { prompt: first }
                turns:
                  - calls: [{ tool: Write, input: { file_path: /workspace/first.txt, content: "1" } }]
                  - text: done
              - name: second
                when: { prompt: second }
                turns:
                  - calls: [{ tool: Write, input: { file_path: /workspace/second.txt, content: "2" } }]
                  - text: done
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var runs = await Task.WhenAll(
            ringfence.CliAsync("run", "-p", "the first", "--model", "simulated-model", "--quiet"),
            ringfence.CliAsync("run", "-p", "the second", "--model", "simulated-model", "--quiet"));

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.ToString()));
        Assert.Equal("README.md\nfirst.txt\n", await ringfence.GitAsync("ls-tree", "--name-only", runs[0].Lines[0]));
        Assert.Equal("README.md\nsecond.txt\n", await ringfence.GitAsync("ls-tree", "--name-only", runs[1].Lines[0]));
    }
}
