using System.Diagnostics;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class Lines_of_a_file() : StoreTest(null)
{
    private readonly RunId run = RunId.New(TimeProvider.System);

    private string Repository => Directory.CreateDirectory(Path.Combine(Home, "repository")).FullName;

    private async Task<string> GitAsync(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo(
            "git", ["-C", Repository, "-c", "user.name=Ben", "-c", "user.email=b@x", "-c", "commit.gpgsign=false", .. arguments]) { RedirectStandardOutput = true })!;
        var output = await git.StandardOutput.ReadToEndAsync(Cancel);
        await git.WaitForExitAsync(Cancel);
        Assert.Equal(0, git.ExitCode);
        return output.Trim();
    }

    private async Task<string> CommitAsync(string text, string message)
    {
        await File.WriteAllTextAsync(Path.Combine(Repository, "a.txt"), text, Cancel);
        await GitAsync("add", "a.txt");
        await GitAsync("commit", "-qm", message);
        return await GitAsync("rev-parse", "HEAD");
    }

    private async Task<Database> RecordedAsync(string? commit)
    {
        var database = await OpenAsync();
        await database.ExecuteAsync(
            "insert into runs (id, status, workflow, requested_by, agent, prompt_digest, created_us) values (@run, 'completed', 'fix', 'olga', 'claude', 'p', 1)",
            Cancel, ("run", run));
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        recorder.Append(new ModelRequested("c1", "anthropic", "opus", "opus", 1, 1, 1, "d", []) { Turn = 4 });
        recorder.Append(new ToolCalled("Edit", "t1", """{"file_path":"/workspace/a.txt"}""", "d") { Trust = Trust.Reported });
        recorder.Append(new FileChanged("a.txt", "modified", "0", "1", 33188, 1, 0, null, null));
        recorder.Append(new VerificationFinished("make test", true, 0, null, 1, "o", "tree", 1));
        recorder.Append(new ApprovalDecided("diff", "d", "approved", "olga", "os_user", "cli", null));

        if (commit is not null)
        {
            recorder.Append(new CommitCreated(commit, "tree", []));
        }

        await recorder.FlushAsync(Cancel);
        return database;
    }

    private async Task<IReadOnlyList<BlamedLines>> BlameAsync(Database database, (int, int)? lines = null) =>
        (await new Blame(database).OfAsync(Repository, "a.txt", lines, Cancel)).Value;

    [Fact]
    public async Task Lead_to_the_run_the_tool_the_model_call_and_the_approval()
    {
        await GitAsync("init", "-q");
        await CommitAsync("one\n", "by hand");
        var commit = await CommitAsync("one\ntwo\n", "Add two");
        await File.AppendAllTextAsync(Path.Combine(Repository, "a.txt"), "three\n", Cancel);

        var lines = await BlameAsync(await RecordedAsync(commit));

        Assert.Equal([(1, 1), (2, 2), (3, 3)], lines.Select(l => (l.First, l.Last)));
        Assert.Empty(lines[0].Runs);
        Assert.All(lines[2].Commit, c => Assert.Equal('0', c));

        var made = Assert.Single(lines[1].Runs);
        Assert.Equal((run, "commit", "fix", "olga", "claude", true), (made.Run, made.FoundBy, made.Workflow, made.RequestedBy, made.Agent, made.ChangesThisPath));
        Assert.Equal(("tool Edit", "inferred", 1L), (made.By, made.Attribution, made.BySeq));
        Assert.Contains("turn 4, opus", made.ModelCall, StringComparison.Ordinal);
        Assert.Equal("approved by olga (os_user, cli)", Assert.Single(made.Approvals));
        Assert.Equal("passed: make test", Assert.Single(made.Checks));
        Assert.Single(await BlameAsync(await OpenAsync(), (2, 2)));
    }

    [Fact]
    public async Task Lead_to_the_run_also_after_a_squash_by_the_message()
    {
        await GitAsync("init", "-q");
        await CommitAsync("one\n", "by hand");
        await CommitAsync("one\ntwo\n", $"Squashed\n\n* Add two\n\n  Ringfence-Run: {run}\n  Ringfence-Head: x\n\n* Another\n");

        var made = Assert.Single((await BlameAsync(await RecordedAsync(null)))[1].Runs);

        Assert.Equal((run, "trailer", true), (made.Run, made.FoundBy, made.ChangesThisPath));
    }

    [Fact]
    public async Task Are_refused_where_git_knows_nothing()
    {
        await GitAsync("init", "-q");
        Assert.Equal("blame_failed", (await new Blame(await OpenAsync()).OfAsync(Repository, "none.txt", null, Cancel)).Failures[0].Code);
    }
}
