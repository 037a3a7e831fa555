using System.Diagnostics;
using System.Security.Cryptography;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_full_disk : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("rffull").FullName;
    private bool mounted;

    public async ValueTask InitializeAsync() => mounted = Environment.IsPrivilegedProcess && await RunAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder);

    public async ValueTask DisposeAsync()
    {
        if (mounted)
        {
            await RunAsync("umount", "-l", folder);
        }

        Directory.Delete(folder);
    }

    [Fact]
    public async Task Stops_the_recorder_and_leaves_a_record_that_verifies()
    {
        Assert.SkipUnless(mounted, "Mounting a small file system needs root.");
        var cancel = TestContext.Current.CancellationToken;
        var run = RunId.New(TimeProvider.System);
        await using var database = (await Database.OpenAsync(null, folder, TimeProvider.System, cancel)).Value;
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, cancel);
        var acknowledged = -1L;

        var why = await Assert.ThrowsAsync<RecordUnavailableException>(async () =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                recorder.Keep(RandomNumberGenerator.GetBytes(20_000));
                var seq = recorder.Append(new RunAdmitted("x"));
                await recorder.FlushAsync(cancel);
                acknowledged = seq;
            }
        });

        Assert.Contains("full", why.Message, StringComparison.Ordinal);
        Assert.Throws<RecordUnavailableException>(() => recorder.Append(new RunAdmitted("after")));
        await Assert.ThrowsAsync<RecordUnavailableException>(() => recorder.CommitAsync(new RunAdmitted("after"), _ => Task.CompletedTask, cancel));

        var report = await new AuditVerifier(database).VerifyAsync(run, cancel);
        Assert.Empty(report.Problems);
        Assert.Equal(acknowledged + 1, report.Events);
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
