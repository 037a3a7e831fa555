using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>OpenAI Responses, streamed. Nothing is stored at the provider: its own reasoning travels with the conversation, encrypted.</summary>
internal sealed class OpenAiResponsesWire(ModelHttp http) : IModelWire
{
    private const string Mark = "openai:";

    public async IAsyncEnumerable<ModelEvent> StreamAsync(ModelRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = new StreamEvents();
        var calls = new Dictionary<string, int>(StringComparer.Ordinal);

        await foreach (var (happened, data) in http.PostAsync("responses", Encoding.UTF8.GetBytes(Body(request).ToText()), http.AddBearer, cancellationToken))
        {
            if (happened is not null)
            {
                yield return happened;
                continue;
            }

            if (Json.TryParseObject(data!) is not { } e)
            {
                yield return StreamEvents.Fail("stream_cut", "The stream held an event that is not JSON.");
                yield break;
            }

            foreach (var told in Read(e, events, calls))
            {
                yield return told;
            }

            if (e.Text("type") is "response.completed" or "response.incomplete" or "response.failed" or "error")
            {
                yield break;
            }
        }
    }

    private static IEnumerable<ModelEvent> Read(JsonObject e, StreamEvents events, Dictionary<string, int> calls)
    {
        var response = e.Object("response");
        var item = e.Object("item");

        switch (e.Text("type"))
        {
            case "response.created":
                return events.Start(response.Text("id"), response.Text("model"));

            case "response.output_text.delta" or "response.refusal.delta":
                return events.Start(null, null).Concat(events.Text(e.Text("delta") ?? ""));

            case "response.reasoning_summary_text.delta" or "response.reasoning_text.delta":
                return events.Start(null, null).Concat(events.Thinking(e.Text("delta") ?? ""));

            case "response.output_item.added" when item.Text("type") == "function_call":
                calls[item.Text("id") ?? item.Text("call_id") ?? ""] = events.Call(item.Text("call_id") ?? "", item.Text("name") ?? "", out var opened);
                return events.Start(null, null).Append(opened);

            case "response.function_call_arguments.delta" when calls.TryGetValue(e.Text("item_id") ?? "", out var number):
                return [StreamEvents.Arguments(number, e.Text("delta") ?? "")];

            case "response.output_item.done" when item.Text("type") == "reasoning" && item.Text("encrypted_content") is not null:
                return events.Start(null, null).Concat(events.Sign(Mark + item!.ToText()));

            case "response.completed":
                var refused = response.Array("output")?.Any(o => (o.Array("content") ?? []).Any(c => c.Text("type") == "refusal")) is true;
                return events.Start(response.Text("id"), response.Text("model")).Concat(events.End(calls.Count > 0 ? "tool_use" : refused ? "refusal" : "end_turn", Usage(response.Object("usage"))));

            case "response.incomplete":
                return events.Start(response.Text("id"), response.Text("model")).Concat(events.End(
                    response.Object("incomplete_details").Text("reason") == "content_filter" ? "refusal" : "max_tokens", Usage(response.Object("usage"))));

            case "response.failed" or "error":
                var error = response.Object("error") ?? e.Object("error") ?? e;
                return [StreamEvents.Fail(error.Text("code") ?? "api_error", error.Text("message") ?? "The provider reported an error.", 500)];

            default:
                return [];
        }
    }

    private static TokenUsage Usage(JsonObject? usage)
    {
        var cached = usage.Object("input_tokens_details").Integer("cached_tokens") ?? 0;
        return new TokenUsage(Math.Max(0, (usage.Integer("input_tokens") ?? 0) - cached), usage.Integer("output_tokens") ?? 0, cached, 0, 0);
    }

    private static JsonObject Body(ModelRequest request)
    {
        var input = new JsonArray();

        foreach (var item in request.Messages.SelectMany(m => m.Content.OfType<JsonObject>().SelectMany(b => Items(m.Role, b))))
        {
            input.Add((JsonNode)item);
        }

        var tools = new JsonArray();

        foreach (var tool in request.Tools)
        {
            tools.Add((JsonNode)new JsonObject
            {
                ["type"] = "function", ["name"] = tool.Text("name"), ["description"] = tool.Text("description"),
                ["parameters"] = tool.Object("input_schema")?.DeepClone(), ["strict"] = false,
            });
        }

        var body = new JsonObject
        {
            ["model"] = request.Model, ["instructions"] = string.Join("\n\n", request.System), ["input"] = input, ["tools"] = tools, ["stream"] = true,
            ["store"] = false, ["max_output_tokens"] = request.MaxTokens, ["prompt_cache_key"] = request.SessionId, ["include"] = new JsonArray("reasoning.encrypted_content"),
        };

        if (request.Effort is not null)
        {
            body["reasoning"] = new JsonObject { ["effort"] = request.Effort, ["summary"] = "auto" };
        }

        return body;
    }

    private static IEnumerable<JsonObject> Items(string role, JsonObject block)
    {
        switch (block.Text("type"))
        {
            case "text":
                yield return Message(role, new JsonObject { ["type"] = role == "assistant" ? "output_text" : "input_text", ["text"] = block.Text("text") });
                break;

            case "thinking" when block.Text("signature") is { } signature && signature.StartsWith(Mark, StringComparison.Ordinal):
                if (Json.TryParseObject(signature[Mark.Length..]) is { } reasoning)
                {
                    yield return reasoning;
                }

                break;

            case "tool_use":
                yield return new JsonObject
                {
                    ["type"] = "function_call", ["call_id"] = block.Text("id"), ["name"] = block.Text("name"), ["arguments"] = block.Object("input")?.ToText() ?? "{}",
                };
                break;

            case "tool_result":
                yield return new JsonObject { ["type"] = "function_call_output", ["call_id"] = block.Text("tool_use_id"), ["output"] = WireText.OfResult(block) };
                break;
        }

        foreach (var image in WireText.Images(block))
        {
            yield return Message("user", new JsonObject { ["type"] = "input_image", ["image_url"] = $"data:{image.Text("media_type")};base64,{image.Text("data")}" });
        }
    }

    private static JsonObject Message(string role, JsonObject content) => new() { ["type"] = "message", ["role"] = role, ["content"] = new JsonArray(content) };
}
