using System.CommandLine;
using Ringfence.Gateway;

namespace Ringfence.App.Commands;

/// <summary>
/// Where model calls go, the same flags wherever a gateway is started: <c>--upstream WIRE=URL</c> and <c>--upstream-key WIRE=env:NAME|file:PATH</c>.
/// Without them, the providers' own addresses and the environment variables that their tools use.
/// </summary>
internal sealed class UpstreamOptions
{
    private static readonly (Wire Wire, string Address, string AddressVariable, string KeyVariable)[] Providers =
    [
        (Wire.Anthropic, "https://api.anthropic.com", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"),
        (Wire.OpenAiResponses, "https://api.openai.com", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
        (Wire.OpenAiChat, "https://api.openai.com", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
        (Wire.Gemini, "https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY"),
    ];

    private readonly Option<string[]> upstream = new("--upstream")
    {
        Description = "Server for a wire: anthropic, openai, openai-responses, openai-chat or gemini. Repeatable; tried in order.",
        HelpName = "WIRE=URL",
    };

    private readonly Option<string[]> key = new("--upstream-key")
    {
        Description = "Where the real key of a wire comes from. It never enters a sandbox.",
        HelpName = "WIRE=env:NAME|file:PATH",
    };

    public IEnumerable<Option> All => [upstream, key];

    /// <summary>True when servers were named on the command line.</summary>
    public bool IsNamed(ParseResult parsed) => parsed.GetValue(upstream) is { Length: > 0 };

    /// <summary>All servers that are known for the wires asked for. Fails with every flag that is wrong.</summary>
    public Result<IReadOnlyList<Upstream>> Read(ParseResult parsed)
    {
        var failures = new List<Failure>();
        var keys = Pairs(parsed.GetValue(key), "--upstream-key", failures).ToLookup(pair => pair.Wire, pair => pair.Value);
        var upstreams = new List<Upstream>();

        foreach (var (wire, address) in Pairs(parsed.GetValue(upstream), "--upstream", failures))
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                failures.Add(new Failure("bad_upstream", $"--upstream: '{address}' is not an http or https address."));
                continue;
            }

            upstreams.Add(new Upstream { Wire = wire, BaseAddress = uri, KeySource = keys[wire].FirstOrDefault() });
        }

        foreach (var (wire, address, addressVariable, keyVariable) in Providers.Where(provider => upstreams.All(u => u.Wire != provider.Wire)))
        {
            var named = Environment.GetEnvironmentVariable(addressVariable) is { Length: > 0 } variable ? variable : address;
            var source = keys[wire].FirstOrDefault() ?? (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(keyVariable)) ? null : "env:" + keyVariable);

            if (source is not null && Uri.TryCreate(named, UriKind.Absolute, out var uri))
            {
                upstreams.Add(new Upstream { Wire = wire, BaseAddress = uri, KeySource = source });
            }
        }

        return failures.Count > 0 ? Result.Fail<IReadOnlyList<Upstream>>(failures) : upstreams;
    }

    private static IEnumerable<(Wire Wire, string Value)> Pairs(string[]? texts, string flag, List<Failure> failures)
    {
        foreach (var text in texts ?? [])
        {
            var parts = text.Split('=', 2);

            if (parts.Length != 2 || parts[1].Length == 0)
            {
                failures.Add(new Failure("bad_upstream", $"{flag} cannot be '{text}'.", $"Write {flag} anthropic=…"));
                continue;
            }

            var wires = WireName.Parse(parts[0]);
            failures.AddRange(wires.Failures);

            foreach (var wire in wires.IsFailure ? [] : wires.Value)
            {
                yield return (wire, parts[1]);
            }
        }
    }
}
