using Ringfence.Audit;
using Ringfence.Sandboxes;

namespace Ringfence.Egress;

/// <summary>Whether the door keeps its limit of connections, found by making one more than it takes.</summary>
public sealed class ConnectionProbe(SandboxLauncher launcher, TimeProvider time)
{
    private const string Name = "connections";

    // An address of documentation: what the door would let through could reach nobody.
    private static readonly SandboxSpec Spec = new()
    {
        Command = ["/bin/bash", "-c", "exec 3<>/dev/tcp/198.51.100.1/443 && cat <&3"],
        Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
        Doors = SandboxDoors.Egress,
        Limits = new SandboxLimits { WallTime = TimeSpan.FromSeconds(10) },
    };

    /// <summary>Never fails: what cannot be tried is told by the line.</summary>
    public async Task<DoctorLine> TryAsync(CancellationToken cancellationToken)
    {
        var record = new Refusals();

        if (!(await launcher.StartAsync(Spec, "doctor", record, cancellationToken)).Succeeded(out var sandbox, out var why))
        {
            return new DoctorLine(Name, DoctorLevel.Missing, why[0].Message, why[0].Hint);
        }

        await using (sandbox)
        {
            // None at all: so that the first is one too many, whenever it ends.
            var options = new EgressDoorOptions { Sandbox = sandbox.Name, Limits = new EgressLimits { Connections = 0 } };
            await using var door = EgressDoor.Open(
                options, [sandbox.EgressListener!, .. sandbox.MoreEgressListeners], sandbox.DnsSockets, sandbox.RefusedPackets, record, time);
            await sandbox.StandardInput.DisposeAsync();
            await sandbox.Completion.WaitAsync(cancellationToken);
        }

        return record.Seen
            ? new DoctorLine(Name, DoctorLevel.Full, "tried: what went beyond it was refused", null)
            : new DoctorLine(Name, DoctorLevel.Missing, "A connection beyond the limit was not refused.", "This is a bug: please report it with the output of `ringfence doctor --json`.");
    }

    private sealed class Refusals : IRecorder
    {
        public bool Seen { get; private set; }

        public long Append(AuditFact fact)
        {
            Seen |= fact is NetworkConnection { Reason: EgressReasons.ConnectionLimit };
            return 0;
        }

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public string Keep(ReadOnlySpan<byte> content) => "";
    }
}
