using System.Net;
using Ringfence.Documents;

namespace Ringfence.Gateway;

/// <summary>Reads the file that <c>ringfence gateway --config</c> names. All errors at once, with line and column.</summary>
public static class GatewayFile
{
    private const string Code = "bad_gateway_file";

    /// <param name="source">The file's name, for messages.</param>
    public static Result<GatewayOptions> Read(string text, string source)
    {
        var failures = new List<Failure>();

        if (YamlMapping.Parse(text, source, Code, failures) is not { } root)
        {
            return Result.Fail<GatewayOptions>(failures);
        }

        var defaults = new GatewayOptions();
        var options = defaults with
        {
            Listen = Listen(root),
            TimeZone = Zone(root) ?? defaults.TimeZone,
            MaxBodyBytes = Bytes(root, "max_body") ?? defaults.MaxBodyBytes,
            BudgetWait = Time(root, "budget_wait", TimeSpan.Zero, TimeSpan.FromMinutes(10)) ?? defaults.BudgetWait,
            UpstreamSilence = Time(root, "upstream_silence", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)) ?? defaults.UpstreamSilence,
            Upstreams = [.. root.Mappings("upstreams").SelectMany(Upstreams)],
        };

        root.RefuseOthers();
        return failures.Count > 0 ? Result.Fail<GatewayOptions>(failures) : options;
    }

    // One entry may stand for both of OpenAI's wires.
    private static IReadOnlyList<Upstream> Upstreams(YamlMapping entry)
    {
        var wires = entry.Text("wire", required: true) is { } wire ? WireName.Parse(wire) : Array.Empty<Wire>();
        var key = entry.Text("key");
        var headers = entry.Pairs("headers");
        var address = entry.Text("url", required: true);

        if (wires.IsFailure)
        {
            entry.Fail("wire", wires.Failures[0].Message, wires.Failures[0].Hint);
        }

        if (!Uri.TryCreate(address ?? "http://none", UriKind.Absolute, out var uri) || uri is not { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" })
        {
            entry.Fail("url", $"'{address}' is not a base address.", "Write http(s)://host[:port][/prefix].");
        }

        entry.RefuseOthers();

        return wires.IsFailure || uri is null
            ? []
            : [.. wires.Value.Select(known => new Upstream { Wire = known, BaseAddress = uri, KeySource = key, Headers = headers })];
    }

    private static IPEndPoint? Listen(YamlMapping root)
    {
        if (root.Text("listen") is not { } text)
        {
            return null;
        }

        if (IPEndPoint.TryParse(text, out var address) && text.Contains(':', StringComparison.Ordinal))
        {
            return address;
        }

        root.Fail("listen", $"'{text}' is not an address and a port.", "Write 127.0.0.1:4000.");
        return null;
    }

    private static TimeZoneInfo? Zone(YamlMapping root)
    {
        if (root.Text("time_zone") is not { } name)
        {
            return null;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            return zone;
        }

        root.Fail("time_zone", $"'{name}' is not a time zone of this machine.", "Write it like Europe/Vienna.");
        return null;
    }

    private static long? Bytes(YamlMapping root, string key)
    {
        if (root.Text(key) is not { } text)
        {
            return null;
        }

        if (ByteSize.TryParse(text, out var bytes) && bytes is >= 1 << 10 and <= 1 << 30)
        {
            return bytes;
        }

        root.Fail(key, $"'{text}' is not a size from 1KiB to 1GiB.");
        return null;
    }

    private static TimeSpan? Time(YamlMapping root, string key, TimeSpan least, TimeSpan most)
    {
        if (root.Text(key) is not { } text)
        {
            return null;
        }

        if (Duration.TryParse(text, out var time) && time >= least && time <= most)
        {
            return time;
        }

        root.Fail(key, $"'{text}' is not a time from {Duration.Show(least)} to {Duration.Show(most)}.");
        return null;
    }
}
