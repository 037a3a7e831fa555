using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Ringfence.Audit;

namespace Ringfence.Egress;

/// <summary>
/// Takes one captured connection through the policy, in this order: was its address given out by us, is the name allowed on that port, does what the
/// client says agree with the name, does the name lead to an address that may be dialled. The first no ends it.
/// </summary>
internal sealed class ConnectionHandler
{
    private const int SshPort = 22;

    // A client of a protocol in which the server speaks first waits; one that has said nothing by then is taken for one of those.
    private static readonly TimeSpan ServerFirst = TimeSpan.FromMilliseconds(300);

    private readonly EgressDoorOptions options;
    private readonly TimeProvider time;
    private readonly ByteMeter meter;
    private readonly Upstream upstream;
    private readonly HttpOpening http;
    private readonly ConcurrentDictionary<string, bool> learned = new();

    public ConnectionHandler(EgressDoorOptions options, IRecorder recorder, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        meter = new ByteMeter(options.Limits);
        upstream = new Upstream(options, time);
        http = new HttpOpening(options, upstream, recorder);
    }

    public IReadOnlyList<string> Learned => [.. learned.Keys.Order(StringComparer.Ordinal)];

    public async Task ServeAsync(CapturedConnection connection)
    {
        var decision = connection.Host.Text is null
            ? EgressDecision.Deny(EgressReasons.LiteralAddress)
            : options.Rules.Decide(connection.Host, connection.Port);
        var ended = false;

        try
        {
            await using var client = new ClientStream(connection, meter);

            if (decision.Allowed)
            {
                await OpenAsync(connection, client, decision);
            }
            else
            {
                connection.Hurry();
                await RefuseAsync(connection, client, await client.PeekAsync(connection.Life), decision);
            }

            ended = true;
        }
        catch (OperationCanceledException)
        {
            // The client left, was too slow, or the door closes.
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            // Either side broke the connection.
        }
        finally
        {
            connection.Record(decision);

            if (!ended)
            {
                connection.Reset();
            }
        }
    }

    private async Task OpenAsync(CapturedConnection connection, ClientStream client, EgressDecision decision)
    {
        var peek = PeekAsync(connection, client);
        var isRaw = IsRaw(connection);

        if (isRaw && await Task.WhenAny(peek, Task.Delay(ServerFirst, time, connection.Life)) != peek)
        {
            await PassAsync(connection, client, null, decision, JudgeLaterAsync(connection, peek));
            return;
        }

        var opening = await peek;
        connection.StillAlive();

        if (Judge(connection, opening, decision.Rule) is { } objection)
        {
            await RefuseAsync(connection, client, opening, objection);
        }
        else if (opening.Kind == OpeningKind.Http)
        {
            await ServeHttpAsync(connection, client, opening, decision);
        }
        else if (opening.Hello is { } hello && (options.Rules.NeedsOpening(connection.Host, connection.Port) || options.Secrets.GoTo(connection.Host, connection.Port)))
        {
            await ServeOpenedAsync(connection, client, hello, decision);
        }
        else
        {
            await PassAsync(connection, client, opening, decision, Task.CompletedTask);
        }
    }

    private async Task PassAsync(CapturedConnection connection, ClientStream client, ClientOpening? opening, EgressDecision decision, Task mayTalk)
    {
        if (await ResolveAsync(connection, client, opening) is not { } addresses)
        {
            return;
        }

        if (await upstream.DialAsync(connection, addresses) is not { } server)
        {
            await RefuseAsync(connection, client, opening, EgressDecision.Deny(EgressReasons.NotConnected, decision.Rule));
            return;
        }

        connection.StillAlive();
        await Tunnel.RunAsync(connection, client, server, mayTalk);
    }

    private async Task ServeHttpAsync(CapturedConnection connection, ClientStream client, ClientOpening opening, EgressDecision decision)
    {
        if (await ResolveAsync(connection, client, opening) is { } addresses)
        {
            await http.ServeAsync(connection, client, addresses);
        }
    }

    private async Task ServeOpenedAsync(CapturedConnection connection, ClientStream client, TlsClientHello hello, EgressDecision decision)
    {
        if (options.Authority is null)
        {
            connection.Refuse(EgressReasons.ProtocolNotAllowed);
            return;
        }

        connection.Protocol = "https";

        if (await ResolveAsync(connection, client, new ClientOpening(OpeningKind.Tls, hello)) is not { } addresses)
        {
            return;
        }

        await using var tls = await AcceptTlsAsync(connection, client, hello);
        await http.ServeAsync(connection, tls, addresses);
    }

    private async Task<SslStream> AcceptTlsAsync(CapturedConnection connection, ClientStream client, TlsClientHello hello)
    {
        try
        {
            return await http.AcceptTlsAsync(connection, client, hello);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            connection.Refuse(EgressReasons.ClientDistrust);
            throw;
        }
    }

    private async Task<IReadOnlyList<IPAddress>?> ResolveAsync(CapturedConnection connection, ClientStream client, ClientOpening? opening)
    {
        var (addresses, decision) = await upstream.ResolveAsync(connection);

        if (decision.Allowed)
        {
            Learn(connection, decision);
            connection.Rule = decision.Rule;
            return addresses;
        }

        await RefuseAsync(connection, client, opening, decision);
        return null;
    }

    private static async Task<ClientOpening> PeekAsync(CapturedConnection connection, ClientStream client)
    {
        try
        {
            var opening = await client.PeekAsync(connection.Life);
            Note(connection, opening);
            return opening;
        }
        catch (OperationCanceledException)
        {
            connection.Refuse(EgressReasons.OpeningTimeout);
            throw;
        }
    }

    private static void Note(CapturedConnection connection, ClientOpening? opening)
    {
        connection.Sni = opening?.Hello?.ServerName is { } sni ? Printable.Escape(sni) : null;
        connection.Protocol = opening?.Kind switch
        {
            OpeningKind.Tls or OpeningKind.MalformedTls => "tls",
            OpeningKind.Http or OpeningKind.Http2 => "http",
            OpeningKind.Ssh => "ssh",
            _ => "tcp",
        };
    }

    /// <summary>Does what the client says agree with the name that it asked for? Null when it does.</summary>
    private EgressDecision? Judge(CapturedConnection connection, ClientOpening opening, string rule) => opening switch
    {
        { Kind: not OpeningKind.Ssh } when connection.Port == SshPort => EgressDecision.Deny(EgressReasons.ProtocolNotAllowed, rule),
        { Kind: OpeningKind.MalformedTls } => EgressDecision.Deny(EgressReasons.MalformedTls, rule),
        { Hello.IsEncrypted: true } => EgressDecision.Deny(EgressReasons.EncryptedClientHello, rule),
        { Hello: { ServerName: null } } => EgressDecision.Deny(EgressReasons.SniMissing, rule),
        { Hello: { } hello } => HostName.TryParse(hello.ServerName, out var sni) && sni == connection.Host
            ? null : EgressDecision.Deny(EgressReasons.SniMismatch, rule),
        { Kind: OpeningKind.Http } => null,
        { Kind: OpeningKind.Ssh } when NamesPort(connection) => null,
        { Kind: OpeningKind.Other or OpeningKind.Unknown } when IsRaw(connection) => null,
        _ => EgressDecision.Deny(EgressReasons.ProtocolNotAllowed, rule),
    };

    private async Task JudgeLaterAsync(CapturedConnection connection, Task<ClientOpening> peek)
    {
        // The connection is dialled already, so what must be opened to be judged comes too late.
        var opening = await peek;
        var objection = opening.Kind == OpeningKind.Http ? EgressDecision.Deny(EgressReasons.ProtocolNotAllowed) : Judge(connection, opening, EgressDecision.NoRule);

        if (objection is not null)
        {
            connection.Refuse(objection.Reason);
            throw new IOException("The client's first bytes do not agree with the policy.");
        }
    }

    private bool NamesPort(CapturedConnection connection) => options.Rules.Learns || options.Rules.NamesPort(connection.Host, connection.Port);

    // Where a rule names the port itself any protocol may be spoken; the ports of the web and ssh keep to theirs.
    private bool IsRaw(CapturedConnection connection) => connection.Port is not (SshPort or 80 or 443) && NamesPort(connection)
        && !options.Rules.NeedsOpening(connection.Host, connection.Port) && !options.Secrets.GoTo(connection.Host, connection.Port);

    private async Task RefuseAsync(CapturedConnection connection, ClientStream client, ClientOpening? opening, EgressDecision decision)
    {
        connection.Refuse(decision.Reason, decision.Rule);
        Note(connection, opening);

        if (opening?.Kind == OpeningKind.Http)
        {
            await Refusal.AnswerAsync(connection, client, decision);
        }
        else if (options.Authority is not null && opening?.Hello is { IsEncrypted: false } hello && HostName.TryParse(hello.ServerName, out var sni) && sni == connection.Host)
        {
            // Nothing goes upstream: the certificate only lets us say no in words.
            await using var tls = await http.AcceptTlsAsync(connection, client, hello with { Protocols = hello.Protocols.Contains("http/1.1") ? ["http/1.1"] : [] });
            await Refusal.AnswerAsync(connection, tls, decision);
        }
        else
        {
            throw new IOException("Refused.");
        }
    }

    private void Learn(CapturedConnection connection, EgressDecision decision)
    {
        if (decision is { Allowed: true, Reason: "learned" })
        {
            learned.TryAdd(connection.Port is 80 or 443 ? connection.Host.Text : $"{connection.Host}:{connection.Port}", true);
        }
    }
}
