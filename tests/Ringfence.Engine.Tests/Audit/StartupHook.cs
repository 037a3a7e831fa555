using System.Diagnostics.CodeAnalysis;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;

/// <summary>
/// This test program, started again as a supervisor that records as fast as it can and tells each event that it was promised to be durable, as one that
/// has sandboxes, or as one that crashes. It is there to be killed. The runtime calls it before the test runner's Main, because the parent names this assembly in DOTNET_STARTUP_HOOKS; a
/// second program would need a project of its own.
/// </summary>
[SuppressMessage("Design", "CA1050", Justification = "The runtime looks for this name without a namespace.")]
internal static class StartupHook
{
    public const string Variable = "RINGFENCE_TEST_WRITER";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Ringfence.Tests.Sandboxes.Supervisor.Variable) is { } supervisor)
        {
            Ringfence.Tests.Sandboxes.Supervisor.RunAsync(supervisor).GetAwaiter().GetResult();
            Environment.Exit(0);
        }

        if (Environment.GetEnvironmentVariable(Ringfence.Tests.Processes.A_core_file.Variable) is { } core)
        {
            Ringfence.Tests.Processes.A_core_file.Crash(core);
        }

        var arguments = Environment.GetEnvironmentVariable(Variable)!.Split('|');
        WriteAsync(arguments[0], arguments[1].Length > 0 ? arguments[1] : null, new RunId(arguments[2])).GetAwaiter().GetResult();
    }

    private static async Task WriteAsync(string home, string? url, RunId run)
    {
        var database = (await Database.OpenAsync(url, home, TimeProvider.System, CancellationToken.None)).Value;
        var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, CancellationToken.None);

        while (true)
        {
            for (var i = 0; i < 7; i++)
            {
                recorder.Append(new FileRead($"file {recorder.Count}", "d", "x"));
            }

            var seq = recorder.Append(new RunAdmitted("x"));
            await recorder.FlushAsync(CancellationToken.None);
            await Console.Out.WriteLineAsync($"{seq}");
            await Console.Out.FlushAsync();
        }
    }
}
