using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Secrets;
using Xunit;

namespace Ringfence.Tests.Egress;

/// <summary>A real door between a real network namespace and real servers; the names of this world are a table.</summary>
internal sealed class DoorBench : IAsyncDisposable
{
    private DoorBench(NetworkNamespace inside, EgressDoor door, FactList record, RunAuthority authority, ConcurrentQueue<string> resolved, string folder) =>
        (Inside, Door, Record, Authority, Resolved, Folder) = (inside, door, record, authority, resolved, folder);

    public NetworkNamespace Inside { get; }

    public EgressDoor Door { get; }

    public FactList Record { get; }

    public RunAuthority Authority { get; }

    /// <summary>Names that the door asked the outside world for, in order.</summary>
    public ConcurrentQueue<string> Resolved { get; }

    /// <summary>A folder of this test with the trust store of its world: <c>ca.pem</c> holds the run's authority and the outside root.</summary>
    public string Folder { get; }

    public IEnumerable<NetworkConnection> Connections => Record.Of<NetworkConnection>().Where(c => c.Protocol != "dns");

    public static Task<DoorBench> OpenAsync(OutsideServer? outside, params string[] allow) => OpenAsync(outside, new NetworkPolicy(allow));

    public static async Task<DoorBench> OpenAsync(
        OutsideServer? outside, NetworkPolicy policy, IReadOnlyList<BrokeredSecret>? secrets = null, Func<string, IPAddress[]>? names = null, TimeProvider? time = null)
    {
        var rules = EgressRules.Parse(policy);
        Assert.False(rules.IsFailure, string.Join('\n', rules.Failures));
        var inside = NetworkNamespace.Create();
        var authority = RunAuthority.Create(TimeProvider.System);
        var record = new FactList();
        var resolved = new ConcurrentQueue<string>();
        var folder = Directory.CreateTempSubdirectory("egress-door-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), authority.CertificatePem + "\n" + outside?.Root.ExportCertificatePem());

        var door = EgressDoor.Open(
            new EgressDoorOptions
            {
                Sandbox = "sandbox",
                Rules = rules.Value,
                Limits = policy.Limits,
                Secrets = new BrokeredSecrets(secrets ?? []),
                Authority = authority,
                UpstreamRoots = outside is null ? null : [outside.Root],
                Resolve = (name, _) =>
                {
                    resolved.Enqueue(name);
                    return Task.FromResult(names?.Invoke(name) ?? (outside is null ? throw new SocketException((int)SocketError.HostNotFound) : [outside.Address]));
                },
            },
            [inside.Listener], [inside.Dns], null, record, time ?? TimeProvider.System);
        return new DoorBench(inside, door, record, authority, resolved, folder);
    }

    /// <summary>curl inside, which trusts the run's authority and the outside root, and prints the status after the body.</summary>
    public Task<(int ExitCode, string Output)> CurlAsync(params string[] arguments) =>
        Inside.RunAsync("curl", ["-sS", "-m", $"{Patience / 1000}", "--cacert", Path.Combine(Folder, "ca.pem"), "-w", " %{http_code}", .. arguments]);

    /// <summary>A secret for one host, without the way it is loaded.</summary>
    public static BrokeredSecret Secret(string name, string value, string header, params string[] hosts) => new(
        new SecretValue(name, value, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))),
        [.. EgressRules.Parse(new NetworkPolicy(hosts)).Value.All], header);

    public async ValueTask DisposeAsync()
    {
        await Door.DisposeAsync();
        Inside.Dispose();
        Authority.Dispose();
        await Waiting.DeleteAsync(Folder);
    }
}

/// <summary>A recorder that keeps its facts in memory, in order.</summary>
internal sealed class FactList : IRecorder
{
    private readonly List<AuditFact> facts = [];
    private TaskCompletionSource appended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<T> Of<T>()
        where T : AuditFact
    {
        lock (facts)
        {
            return [.. facts.OfType<T>()];
        }
    }

    /// <summary>Waits until a fact like this is there.</summary>
    public async Task<T> WaitForAsync<T>(Func<T, bool> like)
        where T : AuditFact
    {
        while (true)
        {
            var next = Volatile.Read(ref appended).Task;

            if (Of<T>().FirstOrDefault(like) is { } fact)
            {
                return fact;
            }

            try
            {
                await next.WaitAsync(TimeSpan.FromMilliseconds(Patience), TestContext.Current.CancellationToken);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"No such {typeof(T).Name} came. On record: {string.Join("; ", Of<AuditFact>().TakeLast(20))}");
            }
        }
    }

    public long Append(AuditFact fact)
    {
        int seq;

        lock (facts)
        {
            seq = facts.Count;
            facts.Add(fact);
        }

        Interlocked.Exchange(ref appended, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return seq;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public string Keep(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
