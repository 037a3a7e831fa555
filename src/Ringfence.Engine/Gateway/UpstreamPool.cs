using System.Net;
using System.Net.Http.Headers;

namespace Ringfence.Gateway;

/// <summary>The servers that speak each wire, in order, with their real keys. A key is read once and exists nowhere else.</summary>
internal sealed class UpstreamPool : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker client;
    private readonly TimeProvider time;
    private readonly Dictionary<Wire, List<Target>> targets;

    private UpstreamPool(Dictionary<Wire, List<Target>> targets, TimeProvider time)
    {
        this.targets = targets;
        this.time = time;

        client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            // A redirect would carry the key, the prompt and the reservation somewhere that nobody configured.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = NamesProxy(),
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            MaxConnectionsPerServer = int.MaxValue,
        });
    }

    public static Result<UpstreamPool> Create(IReadOnlyList<Upstream> upstreams, TimeProvider time)
    {
        var failures = new List<Failure>();
        var targets = new Dictionary<Wire, List<Target>>();

        foreach (var upstream in upstreams)
        {
            if (upstream.BaseAddress is not { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" })
            {
                failures.Add(new Failure("upstream_address", $"{upstream.BaseAddress} is not a base address.", "Write http(s)://host[:port][/prefix]."));
            }

            var key = UpstreamKey.Read(upstream);

            if (!key.Succeeded(out var secret))
            {
                failures.AddRange(key.Failures);
                continue;
            }

            if (!targets.TryGetValue(upstream.Wire, out var list))
            {
                targets[upstream.Wire] = list = [];
            }

            list.Add(new Target(upstream, secret));
        }

        return failures.Count > 0 ? Result.Fail<UpstreamPool>(failures) : new UpstreamPool(targets, time);
    }

    public bool Serves(Wire wire) => targets.ContainsKey(wire);

    /// <summary>
    /// Sends the request to the first server that takes it. The next one is tried only when no connection came about, because then nothing was
    /// received and nothing can be charged.
    /// </summary>
    public async Task<HttpResponseMessage> SendAsync(
        Wire wire, string path, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        var order = InOrder(targets[wire]);

        for (var i = 0; ; i++)
        {
            var target = order[i];
            using var request = create(target.At(path));
            target.Authorise(request.Headers);

            try
            {
                var response = await client.SendAsync(request, cancellationToken);
                target.RestsUntil = default;
                return response;
            }
            catch (HttpRequestException exception) when (IsBeforeConnection(exception))
            {
                target.RestsUntil = time.GetUtcNow() + Rest;

                if (i == order.Count - 1)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>True when no connection was made: the request cannot have been received.</summary>
    public static bool IsBeforeConnection(HttpRequestException exception) => exception.HttpRequestError is
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
        or HttpRequestError.ProxyTunnelError;

    public void Dispose() => client.Dispose();

    // Those that rest come last.
    private List<Target> InOrder(List<Target> configured) =>
        configured.Count == 1 ? configured : [.. configured.OrderBy(t => t.RestsUntil > time.GetUtcNow())];

    // Looking for a proxy costs at the first request; it is looked for when one is named.
    private static bool NamesProxy() =>
        Array.Exists(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"], name => Environment.GetEnvironmentVariable(name) is not null);

    private sealed class Target(Upstream upstream, string? key)
    {
        private readonly string root = upstream.BaseAddress.AbsoluteUri.TrimEnd('/');
        private Asked latest = new("", upstream.BaseAddress);

        public DateTimeOffset RestsUntil { get; set; }

        /// <summary>The address of a path with its query. Agents ask for one and the same, and taking an address apart costs as much as a header.</summary>
        public Uri At(string path)
        {
            var known = latest;

            if (known.Path != path)
            {
                latest = known = new Asked(path, new Uri(root + path));
            }

            return known.Address;
        }

        public void Authorise(HttpRequestHeaders headers)
        {
            if (key is not null)
            {
                var (name, value) = upstream.Wire switch
                {
                    Wire.Anthropic => ("x-api-key", key),
                    Wire.Gemini => ("x-goog-api-key", key),
                    _ => ("Authorization", $"Bearer {key}"),
                };

                headers.TryAddWithoutValidation(name, value);
            }

            foreach (var (name, value) in upstream.Headers)
            {
                headers.Remove(name);
                headers.TryAddWithoutValidation(name, value);
            }
        }

        private sealed record Asked(string Path, Uri Address);
    }
}
