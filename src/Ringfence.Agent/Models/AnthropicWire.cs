using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Ringfence.Agent.Models;

/// <summary>Anthropic Messages, streamed.</summary>
internal sealed class AnthropicWire(ModelHttp http) : IModelWire
{
    public async IAsyncEnumerable<ModelEvent> StreamAsync(ModelRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var body = Body(request);

        await foreach (var (happened, data) in http.PostAsync("v1/messages?beta=true", body, m => AddHeaders(m, request), cancellationToken))
        {
            if (happened is not null)
            {
                yield return happened;
                continue;
            }

            var json = Json.TryParseObject(data!);

            if (json is null)
            {
                yield return new ModelEvent.Failed(new ModelFailure(null, "stream_cut", "The stream held an event that is not JSON."));
                yield break;
            }

            if (json.Text("type") == "error")
            {
                var type = json.Object("error").Text("type") ?? "api_error";

                yield return new ModelEvent.Failed(new ModelFailure(
                    Status(type), type, json.Object("error").Text("message") ?? "The provider reported an error within the stream."));

                yield break;
            }

            yield return new ModelEvent.Chunk(json);

            if (json.Text("type") == "message_stop")
            {
                yield break;
            }
        }
    }

    private void AddHeaders(HttpRequestMessage message, ModelRequest request)
    {
        var headers = message.Headers;
        headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        headers.TryAddWithoutValidation("user-agent", Program.UserAgent);
        headers.TryAddWithoutValidation("x-app", "cli");
        headers.TryAddWithoutValidation("x-claude-code-session-id", request.SessionId);

        if (request.AgentId is not null)
        {
            headers.TryAddWithoutValidation("x-claude-code-agent-id", request.AgentId);
        }

        if (http.Endpoint.AuthToken is { } token)
        {
            headers.TryAddWithoutValidation("authorization", "Bearer " + token);
        }
        else if (http.Endpoint.ApiKey is { } key)
        {
            headers.TryAddWithoutValidation("x-api-key", key);
        }
    }

    private static ReadOnlyMemory<byte> Body(ModelRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(32 * 1024);
        using var writer = new Utf8JsonWriter(buffer, Json.Compact);
        writer.WriteStartObject();
        writer.WriteString("model", request.Model);
        writer.WriteNumber("max_tokens", request.MaxTokens);
        writer.WriteBoolean("stream", true);
        WriteThinking(writer, request);

        // Order of the cached prefix: tools, system, messages. A breakpoint after the system text covers both, one at the end the conversation.
        writer.WriteStartArray("system");

        for (var i = 0; i < request.System.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "text");
            writer.WriteString("text", request.System[i]);
            WriteBreakpoint(writer, i == request.System.Count - 1);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();

        if (request.Tools.Count > 0)
        {
            writer.WritePropertyName("tools");
            request.Tools.WriteTo(writer);
        }

        if (request.ToolChoice is not null)
        {
            writer.WriteStartObject("tool_choice");
            writer.WriteString("type", "tool");
            writer.WriteString("name", request.ToolChoice);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("messages");

        for (var i = 0; i < request.Messages.Count; i++)
        {
            request.Messages[i].WriteTo(writer, withBreakpoint: i == request.Messages.Count - 1);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("metadata");
        writer.WriteString("user_id", "session_" + request.SessionId);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteThinking(Utf8JsonWriter writer, ModelRequest request)
    {
        if (request.Effort is not null)
        {
            writer.WriteStartObject("output_config");
            writer.WriteString("effort", request.Effort);
            writer.WriteEndObject();
        }

        if (request.ThinkingTokens is > 0 and var tokens && tokens < request.MaxTokens)
        {
            writer.WriteStartObject("thinking");
            writer.WriteString("type", "enabled");
            writer.WriteNumber("budget_tokens", Math.Max(1024, tokens));
            writer.WriteEndObject();
        }
        else if (request.AdaptiveThinking)
        {
            writer.WriteStartObject("thinking");
            writer.WriteString("type", "adaptive");
            writer.WriteEndObject();
        }
    }

    private static void WriteBreakpoint(Utf8JsonWriter writer, bool here)
    {
        if (here)
        {
            writer.WriteStartObject("cache_control");
            writer.WriteString("type", "ephemeral");
            writer.WriteEndObject();
        }
    }

    private static int? Status(string type) => type switch
    {
        "overloaded_error" => 529,
        "rate_limit_error" => 429,
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "permission_error" => 403,
        "api_error" => 500,
        _ => null,
    };
}
