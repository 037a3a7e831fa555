using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>OpenAI Chat Completions, as OpenAI and the many servers that are compatible with it speak it, local ones too.</summary>
internal sealed class OpenAiChatWire(ModelHttp http) : IModelWire
{
    public async IAsyncEnumerable<ModelEvent> StreamAsync(ModelRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = new StreamEvents();
        var calls = new Dictionary<long, int>();
        var usage = default(TokenUsage);
        string? finish = null;

        await foreach (var (happened, data) in http.PostAsync("chat/completions", Encoding.UTF8.GetBytes(Body(request).ToText()), http.AddBearer, cancellationToken))
        {
            if (happened is not null)
            {
                yield return happened;
                continue;
            }

            if (data == "[DONE]")
            {
                break;
            }

            if (Json.TryParseObject(data!) is not { } chunk)
            {
                yield return StreamEvents.Fail("stream_cut", "The stream held an event that is not JSON.");
                yield break;
            }

            if (chunk.Object("error") is { } error)
            {
                yield return StreamEvents.Fail(error.Text("type") ?? "api_error", error.Text("message") ?? "The provider reported an error within the stream.", 500);
                yield break;
            }

            foreach (var e in events.Start(chunk.Text("id"), chunk.Text("model")).Concat(Read(chunk, events, calls)))
            {
                yield return e;
            }

            usage = chunk.Object("usage") is { } counted ? Usage(counted) : usage;
            finish = (chunk.Array("choices")?.FirstOrDefault()).Text("finish_reason") ?? finish;
        }

        // Without a reason to end the connection broke; a compatible server that never gives one must at least say it is done.
        if (events.IsStarted && finish is not null)
        {
            foreach (var e in events.End(StopReason(finish, calls.Count > 0), usage))
            {
                yield return e;
            }
        }
    }

    private static IEnumerable<ModelEvent> Read(JsonObject chunk, StreamEvents events, Dictionary<long, int> calls)
    {
        if ((chunk.Array("choices")?.FirstOrDefault()).Object("delta") is not { } delta)
        {
            yield break;
        }

        foreach (var e in (delta.Text("reasoning_content") ?? delta.Text("reasoning")) is { Length: > 0 } thought ? events.Thinking(thought) : [])
        {
            yield return e;
        }

        foreach (var e in events.Text(delta.Text("content") ?? ""))
        {
            yield return e;
        }

        foreach (var call in (delta.Array("tool_calls") ?? []).OfType<JsonObject>())
        {
            // Some servers leave the index out and send each call whole.
            var index = call.Integer("index") ?? calls.Count;
            var function = call.Object("function");

            if (!calls.TryGetValue(index, out var number))
            {
                number = events.Call(call.Text("id") is { Length: > 0 } id ? id : $"call_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}", function.Text("name") ?? "", out var opened);
                calls[index] = number;
                yield return opened;
            }

            if (function.Text("arguments") is { Length: > 0 } arguments)
            {
                yield return StreamEvents.Arguments(number, arguments);
            }
        }
    }

    private static string StopReason(string finish, bool calls) => finish switch
    {
        "length" => "max_tokens",
        "content_filter" => "refusal",
        _ => calls ? "tool_use" : "end_turn",
    };

    private static TokenUsage Usage(JsonObject usage)
    {
        var cached = usage.Object("prompt_tokens_details").Integer("cached_tokens") ?? 0;
        return new TokenUsage(Math.Max(0, (usage.Integer("prompt_tokens") ?? 0) - cached), usage.Integer("completion_tokens") ?? 0, cached, 0, 0);
    }

    private static JsonObject Body(ModelRequest request)
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "system", ["content"] = string.Join("\n\n", request.System) });

        foreach (var message in request.Messages)
        {
            foreach (var translated in message.Role == "assistant" ? [Assistant(message.Content)] : User(message.Content))
            {
                messages.Add((JsonNode)translated);
            }
        }

        var tools = new JsonArray();

        foreach (var tool in request.Tools)
        {
            tools.Add((JsonNode)new JsonObject
            {
                ["type"] = "function",
                ["function"] = new JsonObject
                {
                    ["name"] = tool.Text("name"), ["description"] = tool.Text("description"), ["parameters"] = tool.Object("input_schema")?.DeepClone(),
                },
            });
        }

        // Compatible servers know the old name of the limit, OpenAI's newer models only the new one.
        var isNew = request.Model.StartsWith("gpt-5", StringComparison.Ordinal) || (request.Model.Length > 1 && request.Model[0] == 'o' && char.IsAsciiDigit(request.Model[1]));

        var body = new JsonObject
        {
            ["model"] = request.Model, ["messages"] = messages, ["stream"] = true, ["stream_options"] = new JsonObject { ["include_usage"] = true },
            [isNew ? "max_completion_tokens" : "max_tokens"] = request.MaxTokens,
        };

        if (tools.Count > 0)
        {
            body["tools"] = tools;
        }

        if (request.Effort is not null)
        {
            body["reasoning_effort"] = request.Effort;
        }

        return body;
    }

    private static JsonObject Assistant(JsonArray content)
    {
        var calls = new JsonArray();

        foreach (var use in content.Where(b => b.Text("type") == "tool_use"))
        {
            calls.Add((JsonNode)new JsonObject
            {
                ["id"] = use.Text("id"), ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = use.Text("name"), ["arguments"] = use.Object("input")?.ToText() ?? "{}" },
            });
        }

        var text = string.Concat(content.Where(b => b.Text("type") == "text").Select(b => b.Text("text")));
        var message = new JsonObject { ["role"] = "assistant", ["content"] = text.Length > 0 ? text : null };

        if (calls.Count > 0)
        {
            message["tool_calls"] = calls;
        }

        return message;
    }

    /// <summary>Results come first, right after the calls they answer; pictures cannot be in them and follow as the user's.</summary>
    private static IEnumerable<JsonObject> User(JsonArray content)
    {
        var parts = new JsonArray();

        foreach (var block in content.OfType<JsonObject>())
        {
            if (block.Text("type") == "tool_result")
            {
                yield return new JsonObject { ["role"] = "tool", ["tool_call_id"] = block.Text("tool_use_id"), ["content"] = WireText.OfResult(block) };
            }

            foreach (var image in WireText.Images(block))
            {
                parts.Add((JsonNode)new JsonObject
                {
                    ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = $"data:{image.Text("media_type")};base64,{image.Text("data")}" },
                });
            }

            if (block.Text("type") == "text")
            {
                parts.Add((JsonNode)new JsonObject { ["type"] = "text", ["text"] = block.Text("text") });
            }
        }

        if (parts.Count > 0)
        {
            yield return new JsonObject
            {
                ["role"] = "user", ["content"] = parts.All(p => p.Text("type") == "text") ? string.Join('\n', parts.Select(p => p.Text("text"))) : parts,
            };
        }
    }
}
