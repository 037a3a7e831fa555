namespace Ringfence.Gateway;

/// <summary>Which paths exist at the gateway. Everything else is refused.</summary>
public static class Routes
{
    private const string GeminiModels = "/v1beta/models/";

    /// <param name="anthropic">The caller speaks Anthropic's wire, as its headers say; two wires share <c>/v1/models</c>.</param>
    public static Route? Match(string method, string path, bool anthropic) => (method, path) switch
    {
        ("POST", "/v1/messages") => new Route(Wire.Anthropic, RouteKind.Generate),
        ("POST", "/v1/messages/count_tokens") => new Route(Wire.Anthropic, RouteKind.Free),
        ("POST", "/v1/responses") => new Route(Wire.OpenAiResponses, RouteKind.Generate),
        ("POST", "/v1/chat/completions") => new Route(Wire.OpenAiChat, RouteKind.Generate),
        ("GET", "/v1/models") => new Route(anthropic ? Wire.Anthropic : Wire.OpenAiChat, RouteKind.Free),
        ("GET", _) when path.StartsWith("/v1/models/", StringComparison.Ordinal) && IsModel(path["/v1/models/".Length..]) =>
            new Route(anthropic ? Wire.Anthropic : Wire.OpenAiChat, RouteKind.Free),
        ("GET", "/v1beta/models") => new Route(Wire.Gemini, RouteKind.Free),
        ("POST", _) when path.StartsWith(GeminiModels, StringComparison.Ordinal) => Gemini(path[GeminiModels.Length..]),
        _ => null,
    };

    private static Route? Gemini(string rest)
    {
        var colon = rest.LastIndexOf(':');

        if (colon <= 0 || !IsModel(rest[..colon]))
        {
            return null;
        }

        return rest[(colon + 1)..] switch
        {
            "generateContent" => new Route(Wire.Gemini, RouteKind.Generate, rest[..colon]),
            "streamGenerateContent" => new Route(Wire.Gemini, RouteKind.Generate, rest[..colon], Streamed: true),
            "countTokens" => new Route(Wire.Gemini, RouteKind.Free, rest[..colon]),
            _ => null,
        };
    }

    // A name and nothing that could be a path: no separators, no escapes, no dots that climb.
    private static bool IsModel(string name) =>
        name.Length is > 0 and <= 128 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '@') && !name.Contains("..", StringComparison.Ordinal);
}
