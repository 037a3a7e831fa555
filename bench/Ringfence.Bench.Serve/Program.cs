using System.Globalization;
using Ringfence.Bench;

// runs URL KEY COUNT REPOSITORY SERVER-PID | accepts URL KEY SECONDS CONNECTIONS | streams URL KEY COUNT SERVER-PID | fill RUNS [postgres://…] | lists URL KEY TIMES
using var server = args.Length > 2 && args[0] != "fill" ? new ServeBenchmark(new Uri(args[1]), args[2]) : null;
int Number(int index) => int.Parse(args[index], CultureInfo.InvariantCulture);

switch (args)
{
    case ["accepts", _, _, _, _]:
        await server!.AcceptsAsync(TimeSpan.FromSeconds(Number(3)), Number(4));
        return 0;
    case ["streams", _, _, _, _]:
        await server!.StreamsAsync(Number(3), Number(4));
        return 0;
    case ["runs", _, _, _, _, _]:
        await using (var concurrent = new ConcurrentRuns(new Uri(args[1]), args[2], Number(5)))
        {
            return await concurrent.RunAsync(Number(3), args[4]);
        }

    case ["lists", _, _, _]:
        await server!.ListsAsync(Number(3));
        return 0;
    case ["fill", _, ..]:
        await StoreFill.RunAsync(Number(1), args.ElementAtOrDefault(2), TimeProvider.System);
        return 0;
    default:
        Console.Error.WriteLine("runs URL KEY COUNT REPOSITORY SERVER-PID | accepts URL KEY SECONDS CONNECTIONS | streams URL KEY COUNT SERVER-PID | fill RUNS [postgres://…] | lists URL KEY TIMES");
        return 2;
}
