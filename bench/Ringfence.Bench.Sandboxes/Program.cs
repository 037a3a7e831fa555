using System.Globalization;
using Ringfence.Bench.Sandboxes;
using Ringfence.Sandboxes;
using Ringfence.Workspaces;

// Prints Markdown tables.
if (args is not ["speed" or "memory", var native, ..])
{
    Console.Error.WriteLine("""
        usage: Ringfence.Bench.Sandboxes speed NATIVE-LAUNCHER [ROUNDS]
               Ringfence.Bench.Sandboxes memory NATIVE-LAUNCHER [PERCENT of the whole flood]
        """);
    return 2;
}

var number = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : (int?)null;
var folder = Directory.CreateTempSubdirectory("ringfence-bench-").FullName;

try
{
    var launcher = new SandboxLauncher(Path.GetFullPath(native), Directory.CreateDirectory(Path.Combine(folder, "scratch")).FullName, TimeProvider.System);
    await (args[0] == "speed" ? SpeedBenchmark.RunAsync(launcher, folder, number ?? 31) : MemoryBenchmark.RunAsync(launcher, folder, number ?? 100));
    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
