using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>What both OpenAI wires share.</summary>
internal static class OpenAi
{
    /// <summary>The same for every answer, so that recordings compare equal.</summary>
    public const long Created = 1767225600;

    public static JsonObject Error(int status, string? type, string message) => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = message,
            ["type"] = type ?? status switch
            {
                401 => "authentication_error",
                403 => "permission_error",
                429 => "rate_limit_exceeded",
                >= 500 => "server_error",
                _ => "invalid_request_error",
            },
            ["param"] = null,
            ["code"] = null,
        },
    };
}
