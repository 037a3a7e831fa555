using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Sandboxes;
using Ringfence.Tests.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Egress;

/// <summary>N08, N26, N27: what is no TCP connection and no question of DNS goes nowhere, and is on the record all the same.</summary>
public sealed class A_packet_that_is_refused
{
    private const string Send = """
        import socket, sys
        def send(family, to, port, data):
            try:
                socket.socket(family, socket.SOCK_DGRAM).sendto(data, (to, port))
                print('sent')
            except OSError as e:
                print('refused')
        send(socket.AF_INET, '9.9.9.9', 123, b'time')
        send(socket.AF_INET6, '2620:fe::fe', 5000, b'x' * 900)
        send(socket.AF_INET, '1.1.1.1', 443, bytes([0xC3, 0, 0, 0, 1, 8]) + b'12345678' + b'x' * 1200)
        send(socket.AF_INET, socket.gethostbyname('udp.example.com'), 4000, b'hello')
        for i in range(50): send(socket.AF_INET, '9.9.9.9', 123, b'again')
        """;

    [Fact]
    public async Task Is_recorded_once_for_each_destination_with_its_name_and_protocol()
    {
        var (output, facts) = await RunAsync(["python3", "-c", Send]);

        Assert.DoesNotContain("sent", output, StringComparison.Ordinal);
        Assert.Contains("refused", output, StringComparison.Ordinal);
        var refused = facts.OfType<NetworkConnection>().Where(c => c.Protocol != "dns").ToList();
        Assert.All(refused, c => Assert.Equal((false, "protocol_not_allowed"), (c.Allowed, c.Reason)));
        Assert.Equal(
            ["9.9.9.9:123 udp", "2620:fe::fe:5000 udp", "1.1.1.1:443 quic", "udp.example.com:4000 udp"],
            refused.Select(c => $"{c.Host}:{c.Port} {c.Protocol}"));
        Assert.Equal(20 + 8 + 4, refused[0].BytesUp);
    }

    [Fact]
    public async Task Is_none_where_a_sandbox_talks_to_itself()
    {
        const string Program = "import socket; a=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); a.bind(('127.0.0.1', 0)); b=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); b.sendto(b'hello', a.getsockname()); print(a.recv(10).decode())";

        var (output, facts) = await RunAsync(["python3", "-c", Program]);

        Assert.Equal("hello", output.Trim());
        Assert.Empty(facts.OfType<NetworkConnection>());
    }

    [Fact]
    public async Task Is_not_a_question_of_dns_whatever_server_and_family_it_is_sent_to()
    {
        const string Program = """
            import socket, struct
            query = bytes.fromhex('000101000001000000000000') + b'\x04name\x07example\x03com\x00' + bytes.fromhex('00010001')
            for family, to in ((socket.AF_INET, '9.9.9.9'), (socket.AF_INET6, '2620:fe::fe')):
                udp = socket.socket(family, socket.SOCK_DGRAM); udp.settimeout(300); udp.sendto(query, (to, 53))
                print(socket.inet_ntoa(udp.recv(512)[-4:]))
                tcp = socket.create_connection((to, 53), 300).makefile('rwb'); tcp.write(struct.pack('>H', len(query)) + query); tcp.flush()
                print(socket.inet_ntoa(tcp.read(struct.unpack('>H', tcp.read(2))[0])[-4:]))
            """;

        var (output, facts) = await RunAsync(["python3", "-c", Program]);

        Assert.Equal(4, output.Trim().Split('\n').Length);
        Assert.All(output.Trim().Split('\n'), line => Assert.StartsWith("198.18.", line, StringComparison.Ordinal));
        Assert.Equal("name.example.com dns", string.Join(", ", facts.OfType<NetworkConnection>().Select(c => $"{c.Host} {c.Protocol}")));
    }

    private static async Task<(string Output, IReadOnlyList<AuditFact> Facts)> RunAsync(string[] command)
    {
        using var folder = new TrialFolder();
        var recorder = new FactRecorder();
        using var plan = (await EgressPlan.PrepareAsync(
            new NetworkPolicy([]), UserSide.Current(), TimeProvider.System, TestContext.Current.CancellationToken)).Value;
        var spec = Trial.Shell("") with { Command = command, Doors = SandboxDoors.Egress, Files = plan.Files };
        var started = await Trial.Launcher(folder).StartAsync(spec, "trial", recorder, TestContext.Current.CancellationToken);
        Assert.True(started.Succeeded(out var sandbox), string.Join("; ", started.Failures));

        await using (sandbox)
        {
            Assert.SkipWhen(sandbox.RefusedPackets is null, "This kernel cannot report refused packets (nfnetlink_log).");
            var door = plan.Open(sandbox, recorder, TimeProvider.System);
            string output;

            await using (door)
            {
                var error = Trial.ReadAsync(sandbox.StandardError);
                output = await Trial.ReadAsync(sandbox.StandardOutput);
                Assert.True(await sandbox.Completion is SandboxExit.Exited { Code: 0 }, await error);
            }

            return (output, recorder.Facts);
        }
    }
}
