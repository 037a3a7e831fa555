using Ringfence.Audit;
using Ringfence.Sandboxes;
using Ringfence.Tests.Sandboxes;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Workspaces;

/// <summary>Which command changed a file, told by the kernel's stamp on the file and the monitor's on the commands, whatever the agent claims.</summary>
public sealed class The_origin_of_a_change : IDisposable
{
    private readonly WorkspaceFixture fixture = new(onDisk: true);
    private readonly CommandTimeline timeline = new();

    [Fact]
    public async Task Is_exactly_the_first_program_as_long_as_it_is_the_only_one()
    {
        var told = await RunAsync("echo x > made-by-the-shell; for ((i = 0; i < 50000; i++)); do :; done; ls > /dev/null");

        Assert.Equal(("bash (command 1 of trial)", ChangeAttribution.Exact), (told["made-by-the-shell"].By, told["made-by-the-shell"].Attribution));
    }

    [Fact]
    public async Task Is_the_command_that_ran_beside_what_started_it()
    {
        var told = await RunAsync("sleep 0.05; perl -e 'select undef, undef, undef, 0.05; open F, q(>), q(slow); print F 1; close F; select undef, undef, undef, 0.05'; sleep 0.05; sed -i '1s/^/new /' readme.txt; true");

        Assert.Matches(@"^perl \(command \d+ of trial\)$", told["slow"].By);
        Assert.Equal(ChangeAttribution.Window, told["slow"].Attribution);

        // A command that is over within a tick of the kernel's clock is named by its arguments; on a slow machine it lives longer.
        Assert.Matches(@"^sed \(command \d+ of trial\)$", told["readme.txt"].By);
        Assert.Contains(told["readme.txt"].Attribution, new[] { ChangeAttribution.Inferred, ChangeAttribution.Window });
        Assert.All(told.Values, one => Assert.Contains("bash (command 1 of trial)", one.Candidates));
    }

    [Fact]
    public async Task Is_not_moved_by_a_program_that_sets_the_times_of_files()
    {
        var told = await RunAsync("sleep 0.05; echo x > f; sleep 0.05; touch -d @1000000000 f; sleep 0.05; cp -p f copy; sleep 0.05");

        Assert.StartsWith("touch ", told["f"].By, StringComparison.Ordinal);
        Assert.StartsWith("cp ", told["copy"].By, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_nobody_when_two_ran_at_the_time_and_both_are_named()
    {
        var told = await RunAsync(
            "sleep 1000 & until read name < /proc/$!/comm && [ $name = sleep ]; do :; done; sh -c 'sleep 0.2; echo x > $0$1; sleep 0.2' f g; kill $!; wait; true");

        Assert.Null(told["fg"].By);
        Assert.Contains(told["fg"].Candidates, one => one.Contains("command 3 ", StringComparison.Ordinal));
        Assert.Contains(told["fg"].Candidates, one => one.StartsWith("sleep ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Is_among_the_candidates_when_a_write_goes_through_a_memory_map()
    {
        const string Program = "import mmap,os,time; f=os.open('f',os.O_RDWR|os.O_CREAT); os.ftruncate(f,4096); m=mmap.mmap(f,4096); os.close(f); time.sleep(.1); m[0]=65; time.sleep(.1)";

        var told = await RunAsync($"sleep 0.05; python3 -c \"{Program}\"; sleep 0.05");

        Assert.StartsWith("python3", told["f"].By, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_unknown_for_what_changed_after_every_command_had_ended()
    {
        var told = await RunAsync("echo x > f", workspace =>
        {
            var (file, over) = (Path.Combine(workspace.Mount.Upper!, "f"), TimeProvider.System.GetUtcNow());

            // The kernel's clock for files stands still for some milliseconds: until it has gone on, a change is stamped with a time at which the command ran.
            do
            {
                File.WriteAllText(file, "by another hand");
            }
            while (File.GetLastWriteTimeUtc(file) <= over);
        });

        Assert.Equal((null, null), (told["f"].By, told["f"].Attribution));
    }

    [Fact]
    public void Is_unknown_where_the_file_system_does_not_stamp_every_write()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").DriveFormat == "tmpfs", "There is no tmpfs at /dev/shm.");
        Assert.False(ChangeTimes.AreTheKernels("/dev/shm"));
    }

    public void Dispose() => fixture.Dispose();

    private async Task<Dictionary<string, ChangeExplanation>> RunAsync(string script, Action<Workspace>? afterwards = null)
    {
        var workspace = await fixture.PrepareAsync();
        Assert.SkipUnless(ChangeTimes.AreTheKernels(workspace.Mount.Upper!), "The file system here does not stamp every write.");
        var trial = await Trial.RunAsync(Trial.Shell(script) with { Workspace = workspace.Mount, Mounts = workspace.Mounts });
        Assert.True(trial.Exit is SandboxExit.Exited { Code: 0 }, $"{trial.Exit}: {trial.Error}{trial.Output}");

        for (var i = 0; i < trial.Facts.Count; i++)
        {
            timeline.Add(trial.Facts[i], i);
        }

        afterwards?.Invoke(workspace);
        var changes = await WorkspaceFixture.CollectAsync(workspace);
        var told = timeline.Explain([.. changes.Files.Select(file => (file.Path.ToString(), file.ChangedAt))]);
        return changes.Files.Zip(told).ToDictionary(pair => pair.First.Path.ToString(), pair => pair.Second);
    }
}
