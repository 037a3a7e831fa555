using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Xunit;

namespace Ringfence.Tests.Egress;

/// <summary>
/// A network namespace like a sandbox's: nothing but loopback, default routes on it, all TCP and DNS redirected to two sockets. One thread lives
/// in it; what is created or started on that thread belongs to it.
/// </summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private const int NewNetwork = 0x4000_0000;
    private const string Rules = """
        table inet capture {
          chain outgoing {
            type nat hook output priority -100; policy accept;
            ip daddr 127.0.0.0/8 return
            ip6 daddr ::1 return
            udp dport 53 redirect to :15353
            meta l4proto tcp redirect to :15001
          }
        }
        """;

    private readonly BlockingCollection<Action> work = [];
    private readonly Thread thread;

    private NetworkNamespace()
    {
        thread = new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
            {
                action();
            }
        })
        { IsBackground = true };
        thread.Start();
    }

    public Socket Listener { get; private set; } = null!;

    public Socket Dns { get; private set; } = null!;

    /// <summary>Skips the test where the machine does not let us make one.</summary>
    public static NetworkNamespace Create()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Making a network namespace on one thread needs root.");
        Assert.SkipUnless(File.Exists("/usr/sbin/nft"), "nft is not installed: the capture of a sandbox cannot be built here.");
        var network = new NetworkNamespace();
        network.Run(() =>
        {
            Assert.Equal(0, Unshare(NewNetwork));
            Start("ip", "link set lo up");
            Start("ip", "addr add 10.99.0.1/32 dev lo");
            Start("ip", "route add default dev lo src 10.99.0.1");
            Start("ip", "-6 addr add fd99::1/128 dev lo nodad");
            Start("ip", "-6 route add default dev lo src fd99::1");
            Start("nft", "-f -", Rules);
            network.Listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
            network.Listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 15001));
            network.Listener.Listen(1024);
            network.Dns = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            // On loopback, so that answers leave from the address that the redirection translates back.
            network.Dns.Bind(new IPEndPoint(IPAddress.Loopback, 15353));
            return true;
        });
        return network;
    }

    public T Run<T>(Func<T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.Add(() =>
        {
            try
            {
                done.SetResult(action());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    public Socket Tcp(AddressFamily family = AddressFamily.InterNetwork) => Run(() =>
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (family == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = true;
        }

        return socket;
    });

    public Socket Udp() => Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    /// <summary>Runs a program inside and returns its exit code and both outputs together.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder ?? "/" };

        foreach (var name in start.Environment.Keys.Where(k => k.Contains("proxy", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Run(() => Process.Start(start)!);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }

    public void Dispose()
    {
        work.CompleteAdding();
        thread.Join();
        work.Dispose();
    }

    private static void Start(string program, string arguments, string? input = null)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/sbin/" + program, arguments) { RedirectStandardInput = true, RedirectStandardError = true })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {arguments}: {error}");
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);
}
