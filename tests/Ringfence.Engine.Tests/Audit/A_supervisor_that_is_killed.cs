using System.Diagnostics;
using System.Globalization;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_supervisor_that_is_killed_over_SQLite() : A_supervisor_that_is_killed(null);

public sealed class A_supervisor_that_is_killed_over_PostgreSQL(PostgresCluster postgres) : A_supervisor_that_is_killed(postgres);

public abstract class A_supervisor_that_is_killed(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Fact]
    public async Task Loses_no_event_that_was_acknowledged_and_its_run_goes_on()
    {
        var run = RunId.New(TimeProvider.System);
        var database = await OpenAsync();
        var acknowledged = -1L;

        // Killed twice: the second start continues the chain that the first left wherever it was.
        for (var round = 0; round < 2; round++)
        {
            using var writer = Process.Start(new ProcessStartInfo("dotnet", [typeof(StartupHook).Assembly.Location])
            {
                RedirectStandardOutput = true,
                Environment =
                {
                    ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
                    [StartupHook.Variable] = $"{Home}|{await UrlAsync()}|{run}",
                },
            })!;

            for (var i = 0; i < 20; i++)
            {
                acknowledged = long.Parse((await writer.StandardOutput.ReadLineAsync(Cancel))!, CultureInfo.InvariantCulture);
            }

            writer.Kill();

            // What it said before it died counts, also what we had not read yet.
            var rest = await writer.StandardOutput.ReadToEndAsync(Cancel);
            acknowledged = rest.Split('\n').SkipLast(1).Select(line => long.Parse(line, CultureInfo.InvariantCulture)).Append(acknowledged).Max();
            await writer.WaitForExitAsync(Cancel);

            var report = await new AuditVerifier(database).VerifyAsync(run, Cancel);
            Assert.Empty(report.Problems);
            Assert.True(report.Events > acknowledged, $"{report.Events} events, but {acknowledged} was acknowledged.");
        }
    }
}
