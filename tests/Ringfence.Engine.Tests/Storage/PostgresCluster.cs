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
        await AsOwnerAsync(
            "pg_ctl", "-D", $"{folder}/data", "-w", "-l", $"{folder}/log", "-o", $"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=50", "start");
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
        if (Missing is null)
        {
            await AsOwnerAsync("pg_ctl", "-D", $"{folder}/data", "-w", "-m", "immediate", "stop");
        }

        Directory.Delete(folder, recursive: true);
    }

    private static Task AsOwnerAsync(params string[] command) =>
        Environment.IsPrivilegedProcess ? RunAsync("setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", .. command]) : RunAsync(command[0], command[1..]);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output goes nowhere: the server inherits it, and reading to its end would wait for the server.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments]) { WorkingDirectory = "/tmp" };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
