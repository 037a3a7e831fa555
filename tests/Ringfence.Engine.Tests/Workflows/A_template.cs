using System.Diagnostics;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Workflows;

/// <summary>A template becomes a workflow that keeps its promises, and comes into a repository without harming anything there.</summary>
public sealed class A_template : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("rftemplate").FullName;

    public static TheoryData<string> Names => [.. WorkflowTemplate.All.Select(template => template.Name)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Exists_for_each_task_that_people_ask_for_first() => Assert.Equal(
        ["changelog", "describe-pr", "fix-tests", "generate-tests", "investigate-ci", "migrate", "refactor", "review", "triage-bug", "update-dependencies"],
        WorkflowTemplate.All.Select(template => template.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_a_workflow_without_mistakes_that_compiles(string name)
    {
        const string Check = "grep -q \"a\\b\" 'x y.txt' && echo '#: {ä}'";

        var text = WorkflowTemplate.Find(name).Value.For(Check, ["nuget", "npm"]);
        var workflow = WorkflowReader.Read(text, name + ".md").Value;

        Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
        Assert.Equal(name, workflow.Name);
        Assert.Matches("^[0-9a-f]{64}$", CompiledWorkflow.Digest(workflow));
        Assert.True(!WorkflowTemplate.Find(name).Value.NeedsCheck || workflow.Done.Contains(Check));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Limits_what_it_may_spend_and_change_and_says_when_it_is_done(string name)
    {
        var workflow = WorkflowReader.Read(WorkflowTemplate.Find(name).Value.For("make test", []), name + ".md").Value;

        Assert.NotNull(workflow.Limits.Cost);
        Assert.NotNull(workflow.Limits.Turns);
        Assert.NotNull(workflow.Limits.Time);
        Assert.NotNull(workflow.Constraints.MaxFiles);
        Assert.NotNull(workflow.Constraints.MaxLines);
        Assert.NotEmpty(workflow.Constraints.Write.Concat(workflow.Constraints.Never));
        Assert.NotEmpty(workflow.Done);
        Assert.Contains("## Constraints", workflow.Prompt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dotnet test", "nuget", "App.csproj")]
    [InlineData("npm ci && npm test", "npm", "package.json")]
    [InlineData("go test ./...", "go", "go.mod")]
    [InlineData("./test.sh", "cargo", "Cargo.toml", "test.sh")]
    public async Task Takes_the_check_and_the_registries_from_the_files_of_the_repository(string check, string preset, params string[] files)
    {
        Repository(files);

        await WorkflowSetup.WriteAsync(folder, new WorkflowSetupRequest("fix-tests"), Cancel);

        var workflow = new WorkflowFolder(folder).Read("fix-tests").Value;
        Assert.Equal([check], workflow.Done);
        Assert.Equal([preset], workflow.Presets);
    }

    [Fact]
    public async Task Is_found_from_a_folder_below()
    {
        Repository("Cargo.toml", "test.sh");
        await WorkflowSetup.WriteAsync(folder, new WorkflowSetupRequest("fix-tests"), Cancel);
        var below = Directory.CreateDirectory(Path.Combine(folder, "src", "deep")).FullName;

        Assert.Equal("fix-tests", new WorkflowFolder(below).Read("fix-tests").Value.Name);
    }

    [Fact]
    public async Task Takes_a_make_target_over_what_the_tool_would_do()
    {
        Repository("go.mod");
        await File.WriteAllTextAsync(Path.Combine(folder, "Makefile"), "build:\n\tgo build\ntest: build\n\tgo test -race ./...\n", Cancel);

        var facts = ProjectFacts.Of(folder);
        Assert.Equal("make test", facts.Check);
        Assert.Equal(["go"], facts.Ecosystems);
    }

    [Fact]
    public async Task Is_written_at_the_top_of_the_repository_wherever_it_is_asked_for()
    {
        Repository("test.sh", "deep/down/a.txt");

        var files = await WorkflowSetup.WriteAsync(Path.Combine(folder, "deep", "down"), new WorkflowSetupRequest("fix-tests"), Cancel);

        Assert.Equal(Path.Combine(folder, ".ringfence/workflows/fix-tests.md"), Assert.Single(files.Value).Path);
    }

    [Fact]
    public async Task Replaces_nothing_that_is_there_and_writes_nothing_then()
    {
        Repository("test.sh", ".github/workflows/ringfence-review.yml");

        var refused = await WorkflowSetup.WriteAsync(folder, new WorkflowSetupRequest("review", Hook: "pre-commit", Ci: "github"), Cancel);

        Assert.Equal("file_exists", Assert.Single(refused.Failures).Code);
        Assert.False(Directory.Exists(Path.Combine(folder, ".ringfence")));
        Assert.False(File.Exists(Path.Combine(folder, ".git/hooks/pre-commit")));
        Assert.False((await WorkflowSetup.WriteAsync(folder, new WorkflowSetupRequest("review", Hook: "pre-commit", Ci: "github", Force: true), Cancel)).IsFailure);
        Assert.Contains("ringfence run", await File.ReadAllTextAsync(Path.Combine(folder, ".github/workflows/ringfence-review.yml"), Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Puts_its_hook_where_the_user_has_hooks()
    {
        Repository("test.sh");
        Git("config", "core.hooksPath", ".hooks");

        var files = await WorkflowSetup.WriteAsync(folder, new WorkflowSetupRequest("review", Hook: "pre-commit"), Cancel);

        var hook = Path.Combine(folder, ".hooks/pre-commit");
        Assert.Equal(hook, files.Value[1].Path);
        Assert.True(File.GetUnixFileMode(hook).HasFlag(UnixFileMode.UserExecute));
    }

    [Theory]
    [InlineData("github")]
    [InlineData("gitlab")]
    public async Task Has_a_CI_file_that_is_YAML_and_runs_it(string ci)
    {
        Repository("test.sh");

        foreach (var template in WorkflowTemplate.All)
        {
            var files = await WorkflowSetup.WriteAsync(folder, new WorkflowSetupRequest(template.Name, Ci: ci), Cancel);
            var yaml = new YamlDotNet.RepresentationModel.YamlStream();
            yaml.Load(new StringReader(files.Value[1].Text));

            Assert.Contains($"ringfence run --workflow {template.Name} ", files.Value[1].Text, StringComparison.Ordinal);
            Assert.DoesNotMatch(@"\{\{\w", files.Value[1].Text);
        }
    }

    [Fact]
    public async Task Is_refused_with_every_mistake_at_once()
    {
        Repository("readme.txt");

        Assert.Equal(
            ["no_check", "bad_hook", "bad_ci"],
            (await WorkflowSetup.WriteAsync(folder, new WorkflowSetupRequest("refactor", Hook: "pre-push", Ci: "jenkins"), Cancel)).Failures.Select(f => f.Code));
        Assert.Equal(
            ["unknown_template", "not_a_repository"],
            (await WorkflowSetup.WriteAsync("/proc", new WorkflowSetupRequest("make-coffee"), Cancel)).Failures.Select(f => f.Code));
    }

    private void Repository(params string[] files)
    {
        Git("init", "-q");

        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), "");
        }
    }

    private void Git(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder })!;
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
    }
}
