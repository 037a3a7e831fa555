using System.Text.Json.Serialization;

namespace Ringfence.Gateway;

// Refusals in the providers' own shapes; agents parse them.
internal sealed record AnthropicError(string Type, AnthropicErrorDetail Error);

internal sealed record AnthropicErrorDetail(string Type, string Message);

internal sealed record OpenAiError(OpenAiErrorDetail Error);

internal sealed record OpenAiErrorDetail(string Message, string Type, string? Param, string Code);

internal sealed record GeminiError(GeminiErrorDetail Error);

internal sealed record GeminiErrorDetail(int Code, string Message, string Status);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AnthropicError))]
[JsonSerializable(typeof(OpenAiError))]
[JsonSerializable(typeof(GeminiError))]
internal sealed partial class WireJson : JsonSerializerContext;
