using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

/// <summary>However sandboxes end, the process that starts them gets back what it spent on them.</summary>
[Collection(Alone.Name)]
public sealed class A_supervisor_of_sandboxes
{
    [Fact]
    public async Task Keeps_no_group_and_no_descriptor_of_a_monitor_that_died_before_it_could_name_them()
    {
        using var folder = new TrialFolder();
        var launcher = Trial.Launcher(folder);
        var (groups, open) = (Leftovers.DeadControlGroups(), Open());

        // It makes one group after the other and names them all at once: killed at the first.
        for (var round = 0; round < 20; round++)
        {
            var starting = Task.Run(() => launcher.StartAsync(Trial.Shell("sleep 1000"), "trial", new FactRecorder(), TestContext.Current.CancellationToken));
            SpinWait.SpinUntil(() => starting.IsCompleted || Monitor() is { } monitor && Leftovers.ControlGroupsOf(monitor).Any());

            if (Monitor() is { } found)
            {
                Leftovers.Kill(found);
            }

            if ((await starting).Succeeded(out var sandbox))
            {
                await sandbox.DisposeAsync();
            }
        }

        Assert.Empty(await Leftovers.ControlGroupsAsync(groups));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, "scratch")));
        Assert.InRange(Open(), 0, open + 8);

        int? Monitor() => Leftovers.AllProcesses().OrderDescending().Cast<int?>()
            .FirstOrDefault(p => Leftovers.Link(p!.Value, "cwd")?.StartsWith(folder.Path, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task R13_floods_only_its_own_network()
    {
        // Nobody accepts: the door is as busy as it can be.
        var spec = Attack.Python("""
            most = 0
            for round in range(20):
                held = []
                try:
                    while len(held) < 2000:
                        s = socket.socket()
                        s.setblocking(False)
                        held.append(s)
                        s.connect_ex(('203.0.113.%d' % (len(held) % 250 + 1), 443))
                except OSError as e: refused = errno.errorcode[e.errno]
                most = max(most, len(held))
                for s in held: s.close()
            print(refused, most)
            """) with
        { Doors = SandboxDoors.Gateway | SandboxDoors.Egress, Limits = new SandboxLimits { OpenFiles = 300 } };
        var before = Open();

        Assert.Equal(["EMFILE 297"], await Attack.RunAsync(spec));
        Assert.InRange(Open(), 0, before + 16);
    }

    private static int Open() => Directory.GetFiles("/proc/self/fd").Length;
}

/// <summary>For what is seen of this whole process, such as its open files or its environment: nothing else runs in it meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
