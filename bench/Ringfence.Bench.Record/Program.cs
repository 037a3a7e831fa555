using System.Globalization;
using Ringfence.Bench;

// ringfence-bench record EVENTS FOLDER [postgres://…]
if (args is not ["record", var count, var folder, ..] || !long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var events))
{
    Console.Error.WriteLine("ringfence-bench record EVENTS FOLDER [postgres://…]");
    return 2;
}

await RecordBenchmark.RunAsync(events, Directory.CreateDirectory(folder).FullName, args.ElementAtOrDefault(3), TimeProvider.System);
return 0;
