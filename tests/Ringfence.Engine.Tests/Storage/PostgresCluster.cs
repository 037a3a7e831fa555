using System.Diagnostics;
using Xunit;

namespace Ringfence.Tests.Storage;

/// <summary>
/// A PostgreSQL cluster of our own, on a Unix socket in a temporary folder, for as long as the tests run. The server refuses to run as root, so
/// then it runs as <c>nobody</c>.
/// </summary>
public sealed class PostgresCluster : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("rfpg").FullName;
    private Process? guard;
    private int databases;

    /// <summary>Why there is no cluster, or null.</summary>
    public string? Missing { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists("/usr/local/bin/initdb") && Environment.GetEnvironmentVariable("PATH")!.Split(':').All(p => !File.Exists(Path.Combine(p, "initdb"))))
        {
            Missing = "PostgreSQL's programs (initdb, pg_ctl) are not on this machine.";
            return;
        }

        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "nobody", folder);
        }

        await AsOwnerAsync("initdb", "-D", $"{folder}/data", "-U", "ringfence", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C");
        guard = StartGuard();
        await AsOwnerAsync(
            "pg_ctl", "-D", $"{folder}/data", "-w", "-l", $"{folder}/log", "-o", $"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=300", "start");
    }

    /// <summary>Address of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"d{Interlocked.Increment(ref databases)}";
        await RunAsync("createdb", "-h", folder, "-U", "ringfence", name);
        return $"postgres://ringfence@/{name}?host={folder}";
    }

    public async ValueTask DisposeAsync()
    {
        if (guard is null)
        {
            Directory.Delete(folder, recursive: true);
            return;
        }

        guard.StandardInput.Close();
        await guard.WaitForExitAsync();
        guard.Dispose();
    }

    /// <summary>
    /// Stops the server when our end of a pipe closes, which also happens when this process is killed: a server left behind stays for ever. In a
    /// session of its own, because a time-out kills whole process groups.
    /// </summary>
    private Process StartGuard()
    {
        string[] stop = [.. Owner, "pg_ctl", "-D", $"{folder}/data", "-w", "-m", "immediate", "stop"];
        return Process.Start(new ProcessStartInfo("setsid", ["/bin/sh", "-c", "cat >/dev/null; \"$@\" >/dev/null 2>&1; rm -rf \"$0\"", folder, .. stop])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/tmp",
        })!;
    }

    private static string[] Owner => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];

    private static Task AsOwnerAsync(params string[] command)
    {
        string[] whole = [.. Owner, .. command];
        return RunAsync(whole[0], whole[1..]);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output goes nowhere: the server inherits it, and reading to its end would wait for the server.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments]) { WorkingDirectory = "/tmp" };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
