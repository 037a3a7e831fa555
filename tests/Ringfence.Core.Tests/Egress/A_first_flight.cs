using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ringfence.Egress;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_first_flight
{
    [Fact]
    public void Of_tls_shows_name_and_protocols()
    {
        var opening = ClientOpening.Read(Hello(Sni("good.test"), Extension(16, 0, 3, 2, (byte)'h', (byte)'2')));
        Assert.Equal(OpeningKind.Tls, opening.Kind);
        Assert.Equal("good.test", opening.Hello!.ServerName);
        Assert.Equal(["h2"], opening.Hello.Protocols);
        Assert.False(opening.Hello.IsEncrypted);
    }

    [Fact]
    public void Of_tls_is_read_when_it_is_spread_over_records_and_packets()
    {
        var whole = Hello(Sni("good.test"));
        var message = whole[5..];
        byte[] records = [.. message.SelectMany(b => (byte[])[22, 3, 1, 0, 1, b])];

        for (var length = 1; length < records.Length; length++)
        {
            Assert.Equal(OpeningKind.Unknown, ClientOpening.Read(records.AsSpan(0, length)).Kind);
        }

        Assert.Equal("good.test", ClientOpening.Read(records).Hello!.ServerName);
    }

    [Fact]
    public void Of_tls_in_more_records_than_anybody_needs_is_malformed_long_before_its_end()
    {
        byte[] message = [1, 0, 0xEA, 0x60, .. new byte[60_000]];
        byte[] records = [.. message.SelectMany(b => (byte[])[22, 3, 1, 0, 1, b])];
        var judged = Enumerable.Range(1, records.Length).First(length => ClientOpening.Read(records.AsSpan(0, length)).Kind != OpeningKind.Unknown);

        Assert.Equal(OpeningKind.MalformedTls, ClientOpening.Read(records.AsSpan(0, judged)).Kind);
        Assert.InRange(judged, 1, 1_000);
    }

    [Fact]
    public void Of_tls_with_an_inner_hello_says_so() =>
        Assert.True(ClientOpening.Read(Hello(Sni("good.test"), Extension(0xFE0D, 0, 0, 1))).Hello!.IsEncrypted);

    [Fact]
    public void Of_tls_with_two_readings_is_malformed()
    {
        Assert.Equal(OpeningKind.MalformedTls, ClientOpening.Read(Hello(Sni("good.test"), Sni("evil.test"))).Kind);
        Assert.Equal(OpeningKind.MalformedTls, ClientOpening.Read(Hello(Extension(0, [0, 25, .. NameEntry("good.test"), .. NameEntry("evil.test2")]))).Kind);

        // A byte behind the hello in its own record.
        var longer = (byte[])[.. Hello(Sni("good.test")), 0];
        longer[4]++;
        Assert.Equal(OpeningKind.MalformedTls, ClientOpening.Read(longer).Kind);
    }

    [Fact]
    public void Is_never_misread_whatever_its_bytes() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            // No exception, no endless loop, and no name that is not in the bytes.
            var opening = ClientOpening.Read([22, 3, 1, 0, (byte)bytes.Length, .. bytes]);
            return opening.Hello?.ServerName is not { } name || Encoding.ASCII.GetString(bytes).Contains(name, StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", OpeningKind.Http)]
    [InlineData("get / HTTP/1.0\n", OpeningKind.Http)]
    [InlineData("ANY!THING * http/1.1\r\n", OpeningKind.Http)]
    [InlineData("GET / HTTP/1.1", OpeningKind.Unknown)]
    [InlineData("PRI * HTTP/2.0\r\n", OpeningKind.Http2)]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", OpeningKind.Ssh)]
    [InlineData("SS", OpeningKind.Unknown)]
    [InlineData("EHLO me\r\n", OpeningKind.Other)]
    [InlineData("\u0001binary", OpeningKind.Other)]
    public void Tells_its_protocol(string text, OpeningKind kind) => Assert.Equal(kind, ClientOpening.Read(Encoding.Latin1.GetBytes(text)).Kind);

    [Fact]
    public void Of_dns_names_its_question()
    {
        var question = DnsQuestion.Read(Query(1, "Good", "Test"))!;
        Assert.Equal("good.test", question.Name!.Value.Text);
        Assert.Equal(DnsQuestion.TypeA, question.Type);
    }

    [Theory]
    [InlineData("allowed.com\0", "evil", "com")]
    [InlineData("allowed.com", "evil", "com")] // a dot inside a label is not a separator
    [InlineData("a b", "com")]
    [InlineData("\u00e9", "com")]
    public void Of_dns_with_bytes_that_no_host_name_has_gives_no_name(params string[] labels) => Assert.Null(DnsQuestion.Read(Query(1, labels))!.Name);

    [Fact]
    public void Of_dns_is_never_misread_whatever_its_bytes() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), bytes => DnsQuestion.Read((byte[])[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. bytes]) is not { } question
            || question.Bytes.Length <= bytes.Length).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_dns_with_a_compression_pointer_is_no_question() =>
        Assert.Null(DnsQuestion.Read((byte[])[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1, 0, 0]));

    internal static byte[] Query(ushort type, params string[] labels) =>
    [
        0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. labels.SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.Latin1.GetBytes(l)]), 0,
        (byte)(type >> 8), (byte)type, 0, 1,
    ];

    private static byte[] Hello(params byte[][] extensions)
    {
        var list = extensions.SelectMany(e => e).ToArray();
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0, (byte)(list.Length >> 8), (byte)list.Length, .. list];
        byte[] message = [1, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];
        return [22, 3, 1, (byte)(message.Length >> 8), (byte)message.Length, .. message];
    }

    private static byte[] Extension(int type, params byte[] data) => [(byte)(type >> 8), (byte)type, (byte)(data.Length >> 8), (byte)data.Length, .. data];

    private static byte[] NameEntry(string name) => [0, 0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name)];

    private static byte[] Sni(string name) => Extension(0, [0, (byte)(name.Length + 3), .. NameEntry(name)]);
}
