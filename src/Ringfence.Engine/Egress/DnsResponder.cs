using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Ringfence.Audit;

namespace Ringfence.Egress;

/// <summary>
/// The only name server that a sandbox has. It gives every name a synthetic address and asks nobody: whether a name is allowed shows when it is
/// connected to. So a denied name never leaves this machine, and a tunnel through DNS has nobody to talk to.
/// </summary>
internal sealed class DnsResponder(EgressDoorOptions options, IRecorder recorder)
{
    private readonly SyntheticAddresses addresses = new();
    private readonly HashSet<(string, ushort)> refused = [];

    public bool TryFind(IPAddress address, out HostName name)
    {
        lock (addresses)
        {
            return addresses.TryFind(address, out name);
        }
    }

    /// <summary>Answers datagrams until the socket is closed.</summary>
    public async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var anyone = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);

        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var query = await socket.ReceiveFromAsync(buffer, SocketFlags.None, anyone, cancellationToken);

                if (Answer(buffer.AsMemory(0, query.ReceivedBytes)) is { } answer)
                {
                    await socket.SendToAsync(answer, SocketFlags.None, query.RemoteEndPoint, cancellationToken);
                }
            }
            catch (SocketException) when (!cancellationToken.IsCancellationRequested)
            {
                // A client that closed its port leaves an ICMP error on our socket; the next client must not pay for it.
            }
        }
    }

    /// <summary>Answers the same questions on a stream, each behind its two bytes of length (RFC 7766).</summary>
    public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];

        while (await stream.ReadAtLeastAsync(buffer.AsMemory(0, 2), 2, throwOnEndOfStream: false, cancellationToken) == 2)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(buffer);

            if (length > buffer.Length)
            {
                return;
            }

            await stream.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken);

            if (Answer(buffer.AsMemory(0, length)) is not { } answer)
            {
                return;
            }

            await stream.WriteAsync((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer], cancellationToken);
        }
    }

    private byte[]? Answer(ReadOnlyMemory<byte> message)
    {
        if (DnsQuestion.Read(message) is not { } question)
        {
            return null;
        }

        if (question.Name is not { } name)
        {
            Record(question, EgressDecision.Deny(EgressReasons.MalformedName));
            return question.Refuse();
        }

        var decision = Decide(name);

        if (question.Type is not (DnsQuestion.TypeA or DnsQuestion.TypeAaaa))
        {
            // Other types carry what a tunnel wants (TXT, NULL), or keys that would hide a name from us (HTTPS, for encrypted client hello).
            Record(question, EgressDecision.Deny(EgressReasons.QueryType, decision.Rule));
            return question.NoData();
        }

        IPAddress? address;

        lock (addresses)
        {
            if (!addresses.TryGet(name, out address))
            {
                decision = EgressDecision.Deny(EgressReasons.TooManyNames);
            }
        }

        if (!decision.Allowed)
        {
            Record(question with { Type = DnsQuestion.TypeA }, decision);
        }

        return address is null ? question.Refuse() : question.Type == DnsQuestion.TypeA ? question.Answer(address) : question.NoData();
    }

    // A look-up has no port: it is denied when no port of the name is allowed.
    private EgressDecision Decide(HostName name) =>
        options.Rules.Decide(name, 443) is { Reason: not EgressReasons.PortNotAllowed } decision ? decision : EgressDecision.Allow(EgressDecision.NoRule);

    // Once per name and type: programs repeat a failed look-up for as long as they run.
    private void Record(DnsQuestion question, EgressDecision decision)
    {
        lock (refused)
        {
            if (refused.Count >= 2 * SyntheticAddresses.Capacity || !refused.Add((question.Shown, question.Type)))
            {
                return;
            }
        }

        recorder.Append(new NetworkConnection(options.Sandbox, question.Shown, 53, "dns", null, false, decision.Reason, decision.Rule, question.Bytes.Length, 0, 0));
    }
}
