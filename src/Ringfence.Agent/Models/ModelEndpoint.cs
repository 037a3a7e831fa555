namespace Ringfence.Agent.Models;

/// <summary>Where the model is reached and how the caller proves who it is. Read from the environment once, at the start.</summary>
internal sealed record ModelEndpoint
{
    public required Uri BaseAddress { get; init; }

    public string? ApiKey { get; init; }

    /// <summary>Sent as a bearer token, and then instead of <see cref="ApiKey"/>.</summary>
    public string? AuthToken { get; init; }

    public IReadOnlyList<(string Name, string Value)> ExtraHeaders { get; init; } = [];

    /// <summary>A Unix socket that carries the HTTP, when the endpoint is not on the network.</summary>
    public string? UnixSocket { get; init; }

    /// <summary>Until the answer's first byte, and between two bytes of a stream.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(10);

    public int MaxRetries { get; init; } = 10;

    public string KeySource { get; init; } = "none";

    public static ModelEndpoint Anthropic(Func<string, string?> environment)
    {
        var key = Blank(environment("ANTHROPIC_API_KEY"));
        var token = Blank(environment("ANTHROPIC_AUTH_TOKEN"));

        return new ModelEndpoint
        {
            BaseAddress = new Uri((Blank(environment("ANTHROPIC_BASE_URL")) ?? "https://api.anthropic.com").TrimEnd('/') + "/"),
            ApiKey = token is null ? key : null,
            AuthToken = token,
            KeySource = token is not null ? "ANTHROPIC_AUTH_TOKEN" : key is not null ? "ANTHROPIC_API_KEY" : "none",
            ExtraHeaders = Headers(environment("ANTHROPIC_CUSTOM_HEADERS")),
            UnixSocket = Blank(environment("ANTHROPIC_UNIX_SOCKET")),
            Silence = TimeSpan.FromMilliseconds(Number(environment("API_TIMEOUT_MS"), 600_000)),
            MaxRetries = (int)Number(environment("CLAUDE_CODE_MAX_RETRIES"), 10),
        };
    }

    /// <summary>A provider with one address and one key. A server on this machine may want none.</summary>
    public static ModelEndpoint From(Func<string, string?> environment, string addressVariable, string address, string keyVariable)
    {
        var key = Blank(environment(keyVariable));
        var uri = new Uri((Blank(environment(addressVariable)) ?? address).TrimEnd('/') + "/");

        return new ModelEndpoint
        {
            BaseAddress = uri, ApiKey = key, KeySource = key is not null ? keyVariable : uri.IsLoopback ? "none needed" : "none",
            ExtraHeaders = Headers(environment("RINGFENCE_CUSTOM_HEADERS")), Silence = TimeSpan.FromMilliseconds(Number(environment("API_TIMEOUT_MS"), 600_000)),
            MaxRetries = (int)Number(environment("CLAUDE_CODE_MAX_RETRIES"), 10),
        };
    }

    public static string? Blank(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    public static long Number(string? text, long otherwise) =>
        long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= 0 ? number : otherwise;

    public static IReadOnlyList<(string Name, string Value)> Headers(string? lines) =>
    [
        .. (lines ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split(':', 2, StringSplitOptions.TrimEntries)).Where(p => p.Length == 2).Select(p => (p[0], p[1])),
    ];
}
