using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Ringfence.Gateway;

/// <summary>Which headers pass. Everything does, but what belongs to one connection and what is a credential.</summary>
internal static class Headers
{
    private static readonly FrozenSet<string> OfOneConnection = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host",
        "content-length", "expect");

    private static readonly FrozenSet<string> NotSent = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        [.. OfOneConnection, "authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "proxy-authorization"]);

    /// <summary>The token that the caller presents, in any of the providers' ways; null when there is none.</summary>
    public static string? Token(HttpRequest request)
    {
        if (request.Headers.TryGetValue("x-api-key", out var key) || request.Headers.TryGetValue("x-goog-api-key", out key))
        {
            return key.Count == 1 ? key[0] : null;
        }

        if (request.Headers.Authorization is { Count: 1 } bearer && bearer[0] is { } text
            && text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return text["Bearer ".Length..].Trim();
        }

        return null;
    }

    public static void CopyTo(IHeaderDictionary from, HttpRequestMessage to)
    {
        foreach (var (name, values) in from)
        {
            if (NotSent.Contains(name))
            {
                continue;
            }

            // What cannot be decoded cannot be metered, so it is not asked for.
            StringValues sent = name.Equals("accept-encoding", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Acceptable(values.ToString()) : values;

            if (sent.Count == 1)
            {
                _ = to.Headers.TryAddWithoutValidation(name, (string?)sent) || to.Content?.Headers.TryAddWithoutValidation(name, (string?)sent) == true;
            }
            else if (!to.Headers.TryAddWithoutValidation(name, sent.ToArray()))
            {
                to.Content?.Headers.TryAddWithoutValidation(name, sent.ToArray());
            }
        }
    }

    public static void CopyTo(HttpResponseMessage from, HttpResponse to)
    {
        to.StatusCode = (int)from.StatusCode;

        foreach (var (name, values) in from.Headers.NonValidated)
        {
            if (!OfOneConnection.Contains(name))
            {
                to.Headers[name] = values.Count == 1 ? values.ToString() : values.ToArray();
            }
        }

        foreach (var (name, values) in from.Content.Headers.NonValidated)
        {
            to.Headers[name] = values.Count == 1 ? values.ToString() : values.ToArray();
        }
    }
}
