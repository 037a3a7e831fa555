using System.Globalization;

namespace Ringfence.Runs;

/// <summary>
/// Names the process that works on a run, so that another one can tell whether it still lives: machine boot, process id, and the time that the
/// process started, because process ids come round again.
/// </summary>
public readonly record struct WorkerId(string Boot, int Process, long StartTicks)
{
    public static WorkerId Current { get; } = new(BootId(), Environment.ProcessId, StartTicksOf(Environment.ProcessId) ?? 0);

    /// <summary>Whether this can be told from here (same boot of the same machine) and the process is gone.</summary>
    public bool IsKnownDead => Boot == Current.Boot && StartTicksOf(Process) != StartTicks;

    public static WorkerId? Parse(string? text) =>
        text?.Split('/') is [var boot, var process, var start]
        && int.TryParse(process, CultureInfo.InvariantCulture, out var id)
        && long.TryParse(start, CultureInfo.InvariantCulture, out var ticks)
            ? new WorkerId(boot, id, ticks)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Boot}/{Process}/{StartTicks}");

    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Field 22 of <c>/proc/PID/stat</c>: clock ticks since boot. The name in field 2 may hold spaces and brackets, so count from its end.</summary>
    private static long? StartTicksOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

            // A zombie has ended; it only waits for its parent to look.
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
