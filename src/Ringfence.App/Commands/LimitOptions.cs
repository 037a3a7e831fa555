using System.CommandLine;
using Ringfence.Sandboxes;

namespace Ringfence.App.Commands;

/// <summary>Hard limits of a sandbox: the same flags for <c>run</c> and <c>sandbox</c>.</summary>
internal sealed class LimitOptions
{
    private readonly Option<string> memory = new("--memory") { Description = "Memory of all processes together.", HelpName = "SIZE", DefaultValueFactory = _ => "4GiB" };
    private readonly Option<string> disk = new("--disk") { Description = "Room for changes.", HelpName = "SIZE", DefaultValueFactory = _ => "4GiB" };
    private readonly Option<int> processes = new("--processes") { Description = "Processes and threads, 2 to 100000.", HelpName = "N", DefaultValueFactory = _ => 1024 };
    private readonly Option<double> cpu = new("--cpu") { Description = "Processor cores; 0 is unlimited.", HelpName = "CORES", DefaultValueFactory = _ => 0 };

    private readonly Option<string?> diskRate = new("--disk-rate") { Description = "Bytes a second read from, and as many written to, disk. Default: unlimited.", HelpName = "SIZE" };

    public IEnumerable<Option> All => [memory, disk, diskRate, processes, cpu];

    public SandboxLimits Read(ParseResult parsed, List<Failure> failures)
    {
        if (parsed.GetValue(processes) is < 2 or > 100_000)
        {
            failures.Add(new Failure("bad_limit", $"--processes cannot be {parsed.GetValue(processes)}.", "A whole number from 2 to 100000."));
        }

        if (parsed.GetValue(cpu) is not (>= 0 and <= 1000))
        {
            failures.Add(new Failure("bad_limit", $"--cpu cannot be {parsed.GetValue(cpu)}.", "Cores, from 0 to 1000, such as 1.5; 0 is unlimited."));
        }

        return new SandboxLimits
        {
            MemoryBytes = Size("--memory", parsed.GetRequiredValue(memory), failures),
            DiskBytes = Size("--disk", parsed.GetRequiredValue(disk), failures),
            DiskBytesPerSecond = parsed.GetValue(diskRate) is { } rate ? Size("--disk-rate", rate, failures, "64KiB", 64 << 10) : 0,
            Processes = parsed.GetValue(processes),
            MilliCores = (int)Math.Clamp(parsed.GetValue(cpu) * 1000, 0, 1_000_000),
        };
    }

    private static long Size(string flag, string text, List<Failure> failures, string leastText = "16MiB", long least = 16 << 20)
    {
        if (ByteSize.TryParse(text, out var bytes) && bytes >= least)
        {
            return bytes;
        }

        failures.Add(new Failure("bad_limit", $"{flag} cannot be '{text}'.", $"A size of at least {leastText}, such as 512MiB or 4GiB."));
        return least;
    }
}
