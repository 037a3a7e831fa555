using Ringfence.Egress;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

public sealed class The_doctor
{
    [Fact]
    public async Task Tells_each_wall_and_limit_by_trying_it()
    {
        using var folder = new TrialFolder();

        var lines = await new SandboxProbe(Trial.Launcher(folder), folder.Path).RunAsync(TestContext.Current.CancellationToken);

        Assert.True(lines[0] is { Name: "sandbox", Level: DoctorLevel.Full }, $"{lines[0].Name}: {lines[0].Found}");
        Assert.Equal(
            ["commands", "disk", "disk rate", "exit codes", "file system", "identity", "landlock", "memory", "network", "open files", "output", "processes", "processor", "sandbox", "silence", "supervisor", "system calls", "temporary", "wall time", "workspace"],
            lines.Select(l => l.Name).Order(StringComparer.Ordinal));
        Assert.All(lines.Where(l => l.Level == DoctorLevel.Missing), l => Assert.True(l.Remedy is not null, $"{l.Name}: {l.Found}"));
        Assert.All(
            lines.Where(l => l.Name is "memory" or "processes" or "open files" or "output" or "silence" or "temporary" or "wall time"),
            l => Assert.True(l.Level is not DoctorLevel.Missing, $"{l.Name}: {l.Found}"));
    }

    [Fact]
    public async Task Makes_one_connection_too_many_to_see_it_refused()
    {
        using var folder = new TrialFolder();

        var line = await new ConnectionProbe(Trial.Launcher(folder), TimeProvider.System).TryAsync(TestContext.Current.CancellationToken);

        Assert.Equal(new DoctorLine("connections", DoctorLevel.Full, "tried: what went beyond it was refused", null), line);
    }

    [Fact]
    public async Task Says_what_to_do_when_nothing_can_be_built()
    {
        using var folder = new TrialFolder();
        var broken = Path.Combine(folder.Path, "rf-sandbox");
        Executable.Write(broken, "#!/bin/sh\nexit 1\n");

        var line = Assert.Single(await new SandboxProbe(new SandboxLauncher(broken, folder.Below("scratch"), TimeProvider.System), folder.Path)
            .RunAsync(TestContext.Current.CancellationToken));

        Assert.Equal(DoctorLevel.Missing, line.Level);
        Assert.NotNull(line.Remedy);
    }
}
