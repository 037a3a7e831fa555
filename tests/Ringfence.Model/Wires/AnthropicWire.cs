using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>Anthropic Messages.</summary>
internal sealed class AnthropicWire : IWire
{
    public string Name => "anthropic";

    public string ErrorEvent => Event("error", new JsonObject
    {
        ["type"] = "error",
        ["error"] = new JsonObject { ["type"] = "overloaded_error", ["message"] = "Overloaded (simulated)" },
    });

    public bool Takes(string path) => path.EndsWith("/v1/messages", StringComparison.Ordinal);

    public ModelRequest Read(string path, IReadOnlyDictionary<string, string> headers, byte[] body, JsonObject json)
    {
        var conversation = new ConversationReader();
        conversation.System(ConversationReader.TextOf(json["system"]));

        foreach (var message in json["messages"]?.AsArray() ?? [])
        {
            ReadMessage(conversation, (string?)message?["role"] ?? "", message?["content"]);
        }

        return conversation.Finish(
            body, headers, (string?)json["model"] ?? "", (bool?)json["stream"] ?? false, (long?)json["max_tokens"],
            (json["tools"]?.AsArray() ?? []).Select(t => (string?)t?["name"] ?? ""));
    }

    private static void ReadMessage(ConversationReader conversation, string role, JsonNode? content)
    {
        var blocks = content as JsonArray ?? [new JsonObject { ["type"] = "text", ["text"] = ConversationReader.TextOf(content) }];
        var texts = blocks.Where(b => (string?)b?["type"] == "text").Select(b => (string?)b?["text"] ?? "").ToList();

        if (role == "assistant")
        {
            conversation.Assistant();
        }
        else if (role == "system")
        {
            conversation.System(string.Join("\n", texts));
        }
        else if (texts.Count > 0)
        {
            conversation.User(string.Join("\n", texts));
        }

        foreach (var block in blocks)
        {
            switch ((string?)block?["type"])
            {
                case "tool_use":
                    conversation.Call((string?)block["id"] ?? "", (string?)block["name"] ?? "");
                    break;
                case "tool_result":
                    conversation.Result(
                        (string?)block["tool_use_id"] ?? "", ConversationReader.TextOf(block["content"]), (bool?)block["is_error"] ?? false);
                    break;
            }
        }
    }

    public JsonObject Whole(Answer answer) => new()
    {
        ["id"] = $"msg_{answer.Id}",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = answer.Model,
        ["content"] = new JsonArray([.. Blocks(answer).Select(b => b.Whole)]),
        ["stop_reason"] = answer.Stop,
        ["stop_sequence"] = null,
        ["usage"] = Usage(answer, answer.Tokens.Output),
    };

    public IEnumerable<string> Events(Answer answer)
    {
        var start = Whole(answer);
        start["content"] = new JsonArray();
        start["stop_reason"] = null;
        start["usage"] = Usage(answer, 1);
        yield return Event("message_start", new JsonObject { ["type"] = "message_start", ["message"] = start });
        yield return Event("ping", new JsonObject { ["type"] = "ping" });

        foreach (var (block, index) in Blocks(answer).Select((b, i) => (b, i)))
        {
            yield return Event("content_block_start", new JsonObject { ["type"] = "content_block_start", ["index"] = index, ["content_block"] = block.Start });

            foreach (var delta in block.Deltas)
            {
                yield return Event("content_block_delta", new JsonObject { ["type"] = "content_block_delta", ["index"] = index, ["delta"] = delta });
            }

            yield return Event("content_block_stop", new JsonObject { ["type"] = "content_block_stop", ["index"] = index });
        }

        yield return Event("message_delta", new JsonObject
        {
            ["type"] = "message_delta",
            ["delta"] = new JsonObject { ["stop_reason"] = answer.Stop, ["stop_sequence"] = null },
            ["usage"] = Usage(answer, answer.Tokens.Output),
        });
        yield return Event("message_stop", new JsonObject { ["type"] = "message_stop" });
    }

    public JsonObject Error(int status, string? type, string message) => new()
    {
        ["type"] = "error",
        ["error"] = new JsonObject
        {
            ["type"] = type ?? status switch
            {
                400 => "invalid_request_error",
                401 => "authentication_error",
                402 => "billing_error",
                403 => "permission_error",
                404 => "not_found_error",
                413 => "request_too_large",
                429 => "rate_limit_error",
                529 => "overloaded_error",
                _ => "api_error",
            },
            ["message"] = message,
        },
    };

    private sealed record Block(JsonObject Whole, JsonObject Start, IEnumerable<JsonObject> Deltas);

    private static IEnumerable<Block> Blocks(Answer answer)
    {
        if (answer.Thinking is { } thinking)
        {
            var signature = Convert.ToBase64String("simulated"u8);

            yield return new Block(
                new JsonObject { ["type"] = "thinking", ["thinking"] = thinking, ["signature"] = signature },
                new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" },
                answer.Pieces(thinking).Select(p => new JsonObject { ["type"] = "thinking_delta", ["thinking"] = p })
                    .Append(new JsonObject { ["type"] = "signature_delta", ["signature"] = signature }));
        }

        if (answer.Text is { } text)
        {
            yield return new Block(
                new JsonObject { ["type"] = "text", ["text"] = text },
                new JsonObject { ["type"] = "text", ["text"] = "" },
                answer.Pieces(text).Select(p => new JsonObject { ["type"] = "text_delta", ["text"] = p }));
        }

        foreach (var call in answer.Calls)
        {
            yield return new Block(
                new JsonObject { ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Tool, ["input"] = call.Input?.DeepClone() },
                new JsonObject { ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Tool, ["input"] = new JsonObject() },
                answer.Pieces(Answer.Sent(call.Input)).Prepend("").Select(p => new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = p }));
        }
    }

    private static JsonObject Usage(Answer answer, long output) => answer.WithRawUsage(new JsonObject
    {
        ["input_tokens"] = answer.Tokens.Input,
        ["cache_creation_input_tokens"] = answer.Tokens.CacheWrite + answer.Tokens.CacheWriteHour,
        ["cache_read_input_tokens"] = answer.Tokens.CacheRead,
        ["cache_creation"] = new JsonObject
        {
            ["ephemeral_5m_input_tokens"] = answer.Tokens.CacheWrite,
            ["ephemeral_1h_input_tokens"] = answer.Tokens.CacheWriteHour,
        },
        ["output_tokens"] = output,
        ["service_tier"] = "standard",
    });

    private static string Event(string name, JsonObject data) => $"event: {name}\ndata: {data.ToJsonString(Answer.Plain)}\n\n";
}
