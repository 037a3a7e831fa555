using System.Diagnostics;
using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Runs;

public sealed class A_worker
{
    [Fact]
    public void Is_alive_while_its_process_is() => Assert.False(WorkerId.Parse(WorkerId.Current.ToString())!.Value.IsKnownDead);

    [Fact]
    public void Is_dead_when_another_process_has_its_number() =>
        Assert.True((WorkerId.Current with { StartTicks = WorkerId.Current.StartTicks - 1 }).IsKnownDead);

    [Fact]
    public void Is_dead_when_its_process_has_ended()
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/true"))!;
        process.WaitForExit();

        Assert.True((WorkerId.Current with { Process = process.Id }).IsKnownDead);
    }

    [Fact]
    public void Is_not_judged_from_another_machine() => Assert.False((WorkerId.Current with { Boot = "elsewhere", Process = 1 }).IsKnownDead);
}
