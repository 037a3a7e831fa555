using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>Gemini, streamed. It knows calls by name and order, not by id; its signatures go back with the calls they came with.</summary>
internal sealed class GeminiWire(ModelHttp http) : IModelWire
{
    public async IAsyncEnumerable<ModelEvent> StreamAsync(ModelRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = new StreamEvents();
        var usage = default(TokenUsage);
        var calls = 0;
        string? finish = null;
        var path = $"v1beta/models/{Uri.EscapeDataString(request.Model)}:streamGenerateContent?alt=sse";

        await foreach (var (happened, data) in http.PostAsync(path, Encoding.UTF8.GetBytes(Body(request).ToText()), AddHeaders, cancellationToken))
        {
            if (happened is not null)
            {
                yield return happened;
                continue;
            }

            if (Json.TryParseObject(data!) is not { } chunk)
            {
                yield return StreamEvents.Fail("stream_cut", "The stream held an event that is not JSON.");
                yield break;
            }

            if (chunk.Object("error") is { } error)
            {
                yield return StreamEvents.Fail(error.Text("status") ?? "api_error", error.Text("message") ?? "", (int?)error.Integer("code") ?? 500);
                yield break;
            }

            var candidate = chunk.Array("candidates")?.FirstOrDefault();
            var parts = (candidate.Object("content").Array("parts") ?? []).OfType<JsonObject>();

            foreach (var e in events.Start(chunk.Text("responseId"), chunk.Text("modelVersion")).Concat(parts.SelectMany(p => Read(p, events, ref calls))))
            {
                yield return e;
            }

            usage = chunk.Object("usageMetadata") is { } counted ? Usage(counted) : usage;
            finish = candidate.Text("finishReason") ?? chunk.Object("promptFeedback").Text("blockReason") ?? finish;
        }

        if (events.IsStarted && finish is not null)
        {
            var reason = finish switch { "STOP" => calls > 0 ? "tool_use" : "end_turn", "MAX_TOKENS" => "max_tokens", _ => calls > 0 ? "tool_use" : "refusal" };

            foreach (var e in events.End(reason, usage))
            {
                yield return e;
            }
        }
    }

    private static List<ModelEvent> Read(JsonObject part, StreamEvents events, ref int calls)
    {
        if (part.Object("functionCall") is { } call)
        {
            var id = call.Text("id") ?? string.Create(CultureInfo.InvariantCulture, $"call_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}_{calls}");
            calls++;
            var number = events.Call(id, call.Text("name") ?? "", out var opened, part.Text("thoughtSignature"));
            return [opened, StreamEvents.Arguments(number, call.Object("args")?.ToText() ?? "{}")];
        }

        return [.. part.Text("text") is { Length: > 0 } text ? part.Flag("thought") is true ? events.Thinking(text) : events.Text(text) : []];
    }

    private static TokenUsage Usage(JsonObject usage)
    {
        var cached = usage.Integer("cachedContentTokenCount") ?? 0;

        return new TokenUsage(
            Math.Max(0, (usage.Integer("promptTokenCount") ?? 0) - cached), (usage.Integer("candidatesTokenCount") ?? 0) + (usage.Integer("thoughtsTokenCount") ?? 0), cached, 0, 0);
    }

    private void AddHeaders(HttpRequestMessage message)
    {
        message.Headers.TryAddWithoutValidation("user-agent", Program.UserAgent);
        message.Headers.TryAddWithoutValidation("x-goog-api-key", http.Endpoint.ApiKey);
    }

    private static JsonObject Body(ModelRequest request)
    {
        var names = request.Messages.SelectMany(m => m.Content).Where(b => b.Text("type") == "tool_use")
            .GroupBy(b => b.Text("id") ?? "").ToDictionary(g => g.Key, g => g.First().Text("name") ?? "", StringComparer.Ordinal);

        var contents = new JsonArray();

        foreach (var message in request.Messages)
        {
            var parts = new JsonArray();

            foreach (var part in message.Content.OfType<JsonObject>().SelectMany(b => Parts(b, names)))
            {
                parts.Add((JsonNode)part);
            }

            if (parts.Count > 0)
            {
                contents.Add((JsonNode)new JsonObject { ["role"] = message.Role == "assistant" ? "model" : "user", ["parts"] = parts });
            }
        }

        var declarations = new JsonArray();

        foreach (var tool in request.Tools)
        {
            declarations.Add((JsonNode)new JsonObject
            {
                ["name"] = tool.Text("name"), ["description"] = tool.Text("description"), ["parametersJsonSchema"] = tool.Object("input_schema")?.DeepClone(),
            });
        }

        var body = new JsonObject
        {
            ["contents"] = contents,
            ["systemInstruction"] = new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = string.Join("\n\n", request.System) }) },
            ["generationConfig"] = new JsonObject { ["maxOutputTokens"] = request.MaxTokens },
        };

        if (declarations.Count > 0)
        {
            body["tools"] = new JsonArray(new JsonObject { ["functionDeclarations"] = declarations });
        }

        if (request.ThinkingTokens is { } thinking)
        {
            body["generationConfig"]!["thinkingConfig"] = new JsonObject { ["thinkingBudget"] = thinking };
        }

        return body;
    }

    private static IEnumerable<JsonObject> Parts(JsonObject block, Dictionary<string, string> names)
    {
        switch (block.Text("type"))
        {
            case "text":
                yield return new JsonObject { ["text"] = block.Text("text") };
                break;

            case "tool_use":
                var call = new JsonObject { ["functionCall"] = new JsonObject { ["name"] = block.Text("name"), ["args"] = block.Object("input")?.DeepClone() } };

                if (block.Text("provider_signature") is { } signature)
                {
                    call["thoughtSignature"] = signature;
                }

                yield return call;
                break;

            case "tool_result":
                yield return new JsonObject
                {
                    ["functionResponse"] = new JsonObject
                    {
                        ["name"] = names.GetValueOrDefault(block.Text("tool_use_id") ?? "", ""),
                        ["response"] = new JsonObject { [block.Flag("is_error") is true ? "error" : "output"] = WireText.OfResult(block) },
                    },
                };
                break;
        }

        foreach (var image in WireText.Images(block))
        {
            yield return new JsonObject { ["inlineData"] = new JsonObject { ["mimeType"] = image.Text("media_type"), ["data"] = image.Text("data") } };
        }
    }
}
