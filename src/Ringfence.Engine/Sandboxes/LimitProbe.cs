using Ringfence.Audit;

namespace Ringfence.Sandboxes;

/// <summary>Goes beyond each limit inside a sandbox of its own, and tells whether the limit held. Sandboxes start in milliseconds, so doing it is cheaper than guessing.</summary>
internal sealed class LimitProbe(SandboxLauncher launcher)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly IReadOnlyList<Excess> Excesses =
    [
        new("memory", "head -c 128M /dev/zero | tail -c 128M > /dev/null", new SandboxLimits { MemoryBytes = 48L << 20, TemporaryBytes = 1L << 20 }, HasFailed),
        new("processes", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 100 & done 2>/dev/null", new SandboxLimits { Processes = 10 }, HasFailed),
        new("open files", "bash -c 'for i in {10..50}; do eval \"exec $i</dev/null\" || exit; done'", new SandboxLimits { OpenFiles = 32 }, HasFailed),
        new("temporary", "head -c 2M /dev/zero > /tmp/x 2>/dev/null", new SandboxLimits { TemporaryBytes = 1L << 20 }, HasFailed),
        new("wall time", "sleep 100", new SandboxLimits { WallTime = TimeSpan.FromMilliseconds(50) }, exit => exit is SandboxExit.LimitReached { Limit: "wall_time" }),
        new("silence", "sleep 100", new SandboxLimits { Silence = TimeSpan.FromMilliseconds(50) }, exit => exit is SandboxExit.LimitReached { Limit: "silence" }),
        new("output", "cat /dev/zero", new SandboxLimits { OutputBytes = 1 << 20 }, exit => exit is SandboxExit.LimitReached { Limit: "output" }),
    ];

    /// <summary>What was found of <paramref name="walls"/>, corrected and completed by what was tried.</summary>
    public async Task<IReadOnlyList<DoctorLine>> TryAsync(IReadOnlyList<DoctorLine> walls, CancellationToken cancellationToken)
    {
        var lines = walls.ToList();

        foreach (var excess in Excesses)
        {
            var exit = await GoBeyondAsync(excess, cancellationToken);
            var known = lines.FindIndex(line => line.Name == excess.Name);
            var line = excess.Holds(exit) ? known < 0 ? new DoctorLine(excess.Name, DoctorLevel.Full, "tried: what went beyond it was ended", null) : lines[known]
                : new DoctorLine(excess.Name, DoctorLevel.Missing, $"A command that went beyond it ended with {exit}.", "This is a bug: please report it with the output of `ringfence doctor --json`.");

            if (known < 0)
            {
                lines.Add(line);
            }
            else
            {
                lines[known] = line;
            }
        }

        return lines;
    }

    private async Task<SandboxExit> GoBeyondAsync(Excess excess, CancellationToken cancellationToken)
    {
        var spec = new SandboxSpec
        {
            Command = ["/bin/sh", "-c", excess.Script],
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
            Limits = excess.Limits,
        };

        if (!(await launcher.StartAsync(spec, "doctor", new NoRecord(), cancellationToken)).Succeeded(out var sandbox, out var why))
        {
            return new SandboxExit.Killed(why[0].Message);
        }

        await using (sandbox)
        {
            await sandbox.StandardInput.DisposeAsync();
            using var slow = new CancellationTokenSource(Patience, TimeProvider.System);
            await using var stop = slow.Token.Register(() => sandbox.Kill("patience"));
            await sandbox.StandardOutput.CopyToAsync(Stream.Null, cancellationToken);
            return await sandbox.Completion;
        }
    }

    private static bool HasFailed(SandboxExit exit) => exit is SandboxExit.LimitReached or SandboxExit.Signalled or SandboxExit.Exited { Code: not 0 };

    /// <param name="Holds">Whether an ending shows that the limit held.</param>
    private sealed record Excess(string Name, string Script, SandboxLimits Limits, Func<SandboxExit, bool> Holds);
}
