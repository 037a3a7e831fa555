using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>OpenAI Chat Completions, and with it every compatible server.</summary>
internal sealed class OpenAiChatWire : IWire
{
    public string Name => "openai-chat";

    public string ErrorEvent => Data(Error(500, "server_error", "The server had an error (simulated)"));

    public bool Takes(string path) => path.EndsWith("/chat/completions", StringComparison.Ordinal);

    public ModelRequest Read(string path, IReadOnlyDictionary<string, string> headers, byte[] body, JsonObject json)
    {
        var conversation = new ConversationReader();

        foreach (var message in json["messages"]?.AsArray() ?? [])
        {
            var text = ConversationReader.TextOf(message?["content"]);

            switch ((string?)message?["role"])
            {
                case "system" or "developer":
                    conversation.System(text);
                    break;
                case "user":
                    conversation.User(text);
                    break;
                case "assistant":
                    conversation.Assistant();

                    foreach (var call in message["tool_calls"]?.AsArray() ?? [])
                    {
                        conversation.Call((string?)call?["id"] ?? "", (string?)call?["function"]?["name"] ?? "");
                    }

                    break;
                case "tool":
                    conversation.Result((string?)message["tool_call_id"] ?? "", text, isError: false);
                    break;
            }
        }

        return conversation.Finish(
            body, headers, (string?)json["model"] ?? "", (bool?)json["stream"] ?? false, (long?)(json["max_completion_tokens"] ?? json["max_tokens"]),
            (json["tools"]?.AsArray() ?? []).Select(t => (string?)t?["function"]?["name"] ?? "")) with
        {
            ReportsStreamUsage = (bool?)json["stream_options"]?["include_usage"] ?? false,
        };
    }

    public JsonObject Whole(Answer answer)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = answer.Text, ["refusal"] = null };

        if (answer.Calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. answer.Calls.Select(c => Call(c, Answer.Sent(c.Input)))]);
        }

        return Envelope(
            answer, "chat.completion", new JsonObject { ["index"] = 0, ["message"] = message, ["logprobs"] = null, ["finish_reason"] = Stop(answer) }, Usage(answer));
    }

    public IEnumerable<string> Events(Answer answer)
    {
        yield return Chunk(answer, new JsonObject { ["role"] = "assistant", ["content"] = "" });

        foreach (var piece in answer.Pieces(answer.Text ?? ""))
        {
            yield return Chunk(answer, new JsonObject { ["content"] = piece });
        }

        foreach (var (call, index) in answer.Calls.Select((c, i) => (c, i)))
        {
            var start = Call(call, "");
            start["index"] = index;
            yield return Chunk(answer, new JsonObject { ["tool_calls"] = new JsonArray(start) });

            foreach (var piece in answer.Pieces(Answer.Sent(call.Input)))
            {
                yield return Chunk(answer, new JsonObject
                {
                    ["tool_calls"] = new JsonArray(new JsonObject { ["index"] = index, ["function"] = new JsonObject { ["arguments"] = piece } }),
                });
            }
        }

        yield return Chunk(answer, [], Stop(answer));

        if (answer.ReportsStreamUsage)
        {
            yield return Data(Envelope(answer, "chat.completion.chunk", null, Usage(answer)));
        }

        yield return "data: [DONE]\n\n";
    }

    public JsonObject Error(int status, string? type, string message) => OpenAi.Error(status, type, message);

    private static JsonObject Call(ToolCall call, string arguments) => new()
    {
        ["id"] = call.Id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Tool, ["arguments"] = arguments },
    };

    private static string Chunk(Answer answer, JsonObject delta, string? finish = null) => Data(Envelope(
        answer, "chat.completion.chunk", new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }, null));

    private static JsonObject Envelope(Answer answer, string kind, JsonObject? choice, JsonObject? usage) => new()
    {
        ["id"] = $"chatcmpl-{answer.Id}",
        ["object"] = kind,
        ["created"] = OpenAi.Created,
        ["model"] = answer.Model,
        ["choices"] = choice is null ? [] : new JsonArray(choice),
        ["usage"] = usage,
    };

    private static JsonObject Usage(Answer answer) => answer.WithRawUsage(new JsonObject
    {
        ["prompt_tokens"] = answer.Tokens.AllInput,
        ["completion_tokens"] = answer.Tokens.Output,
        ["total_tokens"] = answer.Tokens.AllInput + answer.Tokens.Output,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = answer.Tokens.CacheRead },
        ["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = answer.Tokens.Reasoning },
    });

    private static string Stop(Answer answer) => answer.Stop switch
    {
        "tool_use" => "tool_calls",
        "max_tokens" => "length",
        "refusal" => "content_filter",
        "end_turn" or "stop_sequence" => "stop",
        var other => other,
    };

    private static string Data(JsonObject json) => $"data: {json.ToJsonString(Answer.Plain)}\n\n";
}
