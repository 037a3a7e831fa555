using System.Collections.Frozen;
using System.Text.Json;

namespace Ringfence.Gateway;

/// <summary>OpenAI Responses.</summary>
internal sealed class OpenAiResponsesWire : IModelWire
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "model", "max_output_tokens", "max_tool_calls", "input", "instructions", "tools", "stream",
        "service_tier", "background", "previous_response_id", "conversation", "prompt");

    public Wire Wire => Wire.OpenAiResponses;

    public Result<CallFacts> Inspect(Route route, ReadOnlySpan<byte> body)
    {
        if (RequestBody.Begin(body, Known, out var model, out var failures) is not { } top)
        {
            return Result.Fail<CallFacts>(failures);
        }

        if (top.IsTrue(body, "background"))
        {
            failures.Add(new Failure("unbounded_request", "background answers are charged after the connection has ended.", "Leave background out."));
        }

        AnthropicWire.Only(top, body, "service_tier", ["auto", "default"], failures);
        var maxTokens = top.Whole(body, "max_output_tokens", failures);
        var calls = top.Whole(body, "max_tool_calls", failures);
        var tools = ServerTools.OfOpenAi(top.Find(body, "tools") is { } place ? place.Of(body) : [], calls, failures);
        var content = ContentBound.OfOpenAi(body);

        if (failures.Count > 0)
        {
            return Result.Fail<CallFacts>(failures);
        }

        return new CallFacts
        {
            Model = model,
            Streamed = top.IsTrue(body, "stream"),
            MaxTokensAsked = maxTokens,
            Passes = 1 + tools.Uses,
            Answers = 1 + tools.Uses,
            Images = content.Images + tools.Definitions,
            InputUnbounded = content.Unbounded || tools.Uses > 0 || top.Find(body, "previous_response_id") is not null
                || top.Find(body, "conversation") is not null || top.Find(body, "prompt") is not null,
            WebSearches = tools.Searches,

            // The provider caches by itself, and later models charge for it.
            CacheWrites5m = true,

            // Codex hands its tools over as an item of the input.
            HasTools = tools.Any || JsonRead.CountTyped(body, "\"additional_tools\""u8, "\"type\""u8) > 0,
        };
    }

    public byte[] Rewrite(ReadOnlySpan<byte> body, CallFacts facts, long? maxTokens) =>
        maxTokens is { } most ? BodyEdit.Set(body, "max_output_tokens", most) : body.ToArray();

    public IReadOnlyList<Part> Parts(ReadOnlySpan<byte> body) => Conversation.Parts(body, "instructions", "tools", "input");

    public UsageReader NewReader() => new OpenAiUsageReader(Wire.OpenAiResponses);

    public byte[] Error(int status, string code, string message) => OpenAi(status, code, message);

    internal static byte[] OpenAi(int status, string code, string message) => JsonSerializer.SerializeToUtf8Bytes(
        new OpenAiError(new OpenAiErrorDetail(message, status is 429 or 402 or 403 && code == "budget_exhausted" ? "insufficient_quota" : Kind(status), null, code)),
        WireJson.Default.OpenAiError);

    private static string Kind(int status) => status switch
    {
        400 or 404 or 413 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        _ => "server_error",
    };
}
