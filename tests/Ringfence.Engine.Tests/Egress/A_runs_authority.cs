using System.Net.Security;
using System.Net.Sockets;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_runs_authority
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Keeps_a_certificate_for_the_next_connection_to_its_name()
    {
        using var authority = RunAuthority.Create(TimeProvider.System);

        Assert.Same(authority.For(Name("good.test")), authority.For(Name("good.test")));
    }

    [Fact]
    public async Task Does_not_keep_one_for_each_of_the_thousand_names_that_a_program_inside_makes_up()
    {
        using var authority = RunAuthority.Create(TimeProvider.System);
        var first = authority.For(Name("n0.test"));

        for (var i = 1; i < 1_000; i++)
        {
            authority.For(Name($"n{i}.test"));
        }

        Assert.NotSame(first, authority.For(Name("n0.test")));

        // Whoever had it when it was let go of still shakes hands with it.
        var (client, server) = await PairAsync();
        await using var inside = new SslStream(client, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate?.Issuer == authority.Root.Subject);
        await using var door = new SslStream(server);
        await Task.WhenAll(
            door.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = first }, Token),
            inside.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "n0.test" }, Token));
        Assert.True(inside.IsAuthenticated);
    }

    private static HostName Name(string text) => HostName.TryParse(text, out var name) ? name : throw new ArgumentException(text);

    private static async Task<(NetworkStream Client, NetworkStream Server)> PairAsync()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint, Token);
        return (new NetworkStream(client, ownsSocket: true), new NetworkStream(await listener.AcceptSocketAsync(Token), ownsSocket: true));
    }
}
