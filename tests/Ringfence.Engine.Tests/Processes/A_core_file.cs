using System.Diagnostics;
using System.Text;
using Ringfence.Processes;
using Ringfence.Tests.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Processes;

/// <summary>S04. Of a process that is this test program started again, given a secret by its input, and aborted.</summary>
public sealed class A_core_file
{
    public const string Variable = "RINGFENCE_TEST_CORE";
    private static readonly string Pattern = File.ReadAllText("/proc/sys/kernel/core_pattern").Trim();

    [Theory]
    [InlineData("as it is", true)]
    [InlineData("leaves out memory", false)]
    public async Task Holds_no_secret_of_a_supervisor(string how, bool holds)
    {
        Assert.SkipUnless(Pattern.StartsWith("core", StringComparison.Ordinal), $"Core files do not come to the working folder here: core_pattern is {Pattern}.");
        using var folder = new TrialFolder();
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", "ulimit -c unlimited && exec dotnet \"$0\" 2>/dev/null", typeof(A_core_file).Assembly.Location])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardInput = true,
            Environment = { ["DOTNET_STARTUP_HOOKS"] = typeof(A_core_file).Assembly.Location, [Variable] = how, ["DOTNET_DbgEnableMiniDump"] = "0" },
        })!;
        var secret = $"secret-{Guid.NewGuid():N}";

        await process.StandardInput.WriteLineAsync(secret);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        var core = Assert.Single(Directory.GetFiles(folder.Path, "core*"));
        Assert.Equal(holds, await HoldsAsync(core, Encoding.Unicode.GetBytes(secret)) || await HoldsAsync(core, Encoding.UTF8.GetBytes(secret)));
    }

    internal static void Crash(string how)
    {
        if (how == "leaves out memory")
        {
            CoreFile.LeaveOutMemory();
        }

        var secret = Console.ReadLine();
        Environment.FailFast($"{secret?.Length}");
        GC.KeepAlive(secret);
    }

    private static async Task<bool> HoldsAsync(string file, byte[] bytes)
    {
        await using var stream = File.OpenRead(file);
        var buffer = new byte[4 << 20];
        var kept = 0;

        while (await stream.ReadAsync(buffer.AsMemory(kept), TestContext.Current.CancellationToken) is > 0 and var read)
        {
            if (buffer.AsSpan(0, kept + read).IndexOf(bytes) >= 0)
            {
                return true;
            }

            var tail = Math.Min(bytes.Length, kept + read);
            buffer.AsSpan(kept + read - tail, tail).CopyTo(buffer);
            kept = tail;
        }

        return false;
    }
}
