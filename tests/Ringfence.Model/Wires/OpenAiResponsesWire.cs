using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>OpenAI Responses.</summary>
internal sealed class OpenAiResponsesWire : IWire
{
    private const string Joint = "__";

    public string Name => "openai-responses";

    public string ErrorEvent => Event("error", new JsonObject
    {
        ["type"] = "error",
        ["code"] = "server_error",
        ["message"] = "The server had an error (simulated)",
        ["param"] = null,
    });

    public bool Takes(string path) => path.EndsWith("/responses", StringComparison.Ordinal);

    public ModelRequest Read(string path, IReadOnlyDictionary<string, string> headers, byte[] body, JsonObject json)
    {
        var conversation = new ConversationReader();
        var tools = new List<JsonNode?>(json["tools"]?.AsArray() ?? []);
        conversation.System(ConversationReader.TextOf(json["instructions"]));

        foreach (var item in json["input"] as JsonArray ?? [new JsonObject { ["role"] = "user", ["content"] = json["input"]?.DeepClone() }])
        {
            ReadItem(conversation, item, tools);
        }

        return conversation.Finish(
            body, headers, (string?)json["model"] ?? "", (bool?)json["stream"] ?? false, (long?)json["max_output_tokens"], Names(tools)) with
        {
            CustomTools = [.. tools.Where(t => (string?)t?["type"] == "custom").Select(t => (string?)t?["name"] ?? "")],
            Namespaces = [.. tools.Where(t => t?["tools"] is JsonArray).Select(t => (string?)t!["name"] ?? "")],
        };
    }

    private static void ReadItem(ConversationReader conversation, JsonNode? item, List<JsonNode?> tools)
    {
        var id = (string?)item?["call_id"] ?? "";

        switch ((string?)item?["type"] ?? "message", (string?)item?["role"])
        {
            // Known models get their tools as an item of the conversation.
            case ("additional_tools", _):
                tools.AddRange(item!["tools"]?.AsArray() ?? []);
                break;
            case ("message", "system" or "developer"):
                conversation.System(ConversationReader.TextOf(item?["content"]));
                break;
            case ("message", "user"):
                conversation.User(ConversationReader.TextOf(item?["content"]));
                break;
            case ("message" or "reasoning", _):
                conversation.Assistant();
                break;
            case ("function_call" or "custom_tool_call", _):
                conversation.Call(id, (string?)item!["namespace"] is { } space ? space + Joint + item["name"] : (string?)item["name"] ?? "");
                break;
            case ("function_call_output" or "custom_tool_call_output", _):
                conversation.Result(id, ConversationReader.TextOf(item!["output"]), isError: false);
                break;
        }
    }

    /// <summary>A tool of a namespace is offered under both names, its own and the one that other wires know it by.</summary>
    private static IEnumerable<string> Names(IEnumerable<JsonNode?> tools) => tools.SelectMany(t => t?["tools"] is JsonArray inner
        ? Names(inner).SelectMany(name => (string[])[name, (string?)t["name"] + Joint + name])
        : [(string?)t?["name"] ?? (string?)t?["type"] ?? ""]);

    public JsonObject Whole(Answer answer) =>
        Response(answer, answer.Stop == "max_tokens" ? "incomplete" : "completed", Items(answer).Select(i => i.Done), Usage(answer));

    public IEnumerable<string> Events(Answer answer)
    {
        var sequence = 0;

        yield return Numbered("response.created", new JsonObject { ["response"] = Response(answer, "in_progress", [], null) });
        yield return Numbered("response.in_progress", new JsonObject { ["response"] = Response(answer, "in_progress", [], null) });

        foreach (var (item, index) in Items(answer).Select((i, n) => (i, n)))
        {
            yield return Numbered("response.output_item.added", new JsonObject { ["output_index"] = index, ["item"] = item.Added });

            foreach (var (name, data) in item.Middle)
            {
                data["item_id"] = (string?)item.Done["id"];
                data["output_index"] = index;
                yield return Numbered(name, data);
            }

            yield return Numbered("response.output_item.done", new JsonObject { ["output_index"] = index, ["item"] = item.Done });
        }

        var end = answer.Stop == "max_tokens" ? "response.incomplete" : "response.completed";
        yield return Numbered(end, new JsonObject { ["response"] = Whole(answer) });

        string Numbered(string name, JsonObject data)
        {
            data["type"] = name;
            data["sequence_number"] = sequence++;
            return Event(name, data);
        }
    }

    public JsonObject Error(int status, string? type, string message) => OpenAi.Error(status, type, message);

    /// <param name="Middle">Events between the item's start and its end.</param>
    private sealed record Item(JsonObject Added, IEnumerable<(string Name, JsonObject Data)> Middle, JsonObject Done);

    private static IEnumerable<Item> Items(Answer answer)
    {
        if (answer.Thinking is { } thinking)
        {
            yield return new Item(Reasoning(answer, []), [], Reasoning(answer, [new JsonObject { ["type"] = "summary_text", ["text"] = thinking }]));
        }

        if (answer.Text is { } text)
        {
            yield return new Item(Message(answer, "in_progress", null), TextEvents(answer, text), Message(answer, "completed", text));
        }

        foreach (var call in answer.Calls)
        {
            var custom = answer.CustomTools.Contains(call.Tool);
            var (kind, field) = custom ? ("custom_tool_call", "input") : ("function_call", "arguments");
            var content = custom ? (string?)call.Input?["input"] ?? "" : Answer.Sent(call.Input);
            var deltas = custom ? "response.custom_tool_call_input" : "response.function_call_arguments";

            yield return new Item(
                Called(answer, call, kind, field, "", "in_progress"),
                answer.Pieces(content).Select(p => ($"{deltas}.delta", new JsonObject { ["delta"] = p }))
                    .Append(($"{deltas}.done", new JsonObject { [field] = content })),
                Called(answer, call, kind, field, content, "completed"));
        }
    }

    private static IEnumerable<(string, JsonObject)> TextEvents(Answer answer, string text)
    {
        yield return ("response.content_part.added", new JsonObject { ["content_index"] = 0, ["part"] = Part("") });

        foreach (var piece in answer.Pieces(text))
        {
            yield return ("response.output_text.delta", new JsonObject { ["content_index"] = 0, ["delta"] = piece, ["logprobs"] = new JsonArray() });
        }

        yield return ("response.output_text.done", new JsonObject { ["content_index"] = 0, ["text"] = text, ["logprobs"] = new JsonArray() });
        yield return ("response.content_part.done", new JsonObject { ["content_index"] = 0, ["part"] = Part(text) });
    }

    private static JsonObject Part(string text) =>
        new() { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray(), ["logprobs"] = new JsonArray() };

    private static JsonObject Message(Answer answer, string status, string? text) => new()
    {
        ["id"] = $"msg_{answer.Id}",
        ["type"] = "message",
        ["status"] = status,
        ["role"] = "assistant",
        ["content"] = text is null ? [] : new JsonArray(Part(text)),
    };

    private static JsonObject Reasoning(Answer answer, JsonArray summary) =>
        new() { ["id"] = $"rs_{answer.Id}", ["type"] = "reasoning", ["summary"] = summary, ["encrypted_content"] = "c2ltdWxhdGVk" };

    private static JsonObject Called(Answer answer, ToolCall call, string kind, string field, string content, string status)
    {
        var called = new JsonObject { ["id"] = $"item_{call.Id}", ["type"] = kind, ["status"] = status, ["call_id"] = call.Id, ["name"] = call.Tool, [field] = content };

        if (answer.Namespaces.FirstOrDefault(space => call.Tool.StartsWith(space + Joint, StringComparison.Ordinal)) is { } space)
        {
            called["namespace"] = space;
            called["name"] = call.Tool[(space.Length + Joint.Length)..];
        }

        return called;
    }

    private static JsonObject Response(Answer answer, string status, IEnumerable<JsonObject> output, JsonObject? usage) => new()
    {
        ["id"] = $"resp_{answer.Id}",
        ["object"] = "response",
        ["created_at"] = OpenAi.Created,
        ["status"] = status,
        ["error"] = null,
        ["incomplete_details"] = status == "incomplete" ? new JsonObject { ["reason"] = "max_output_tokens" } : null,
        ["model"] = answer.Model,
        ["output"] = new JsonArray([.. output]),
        ["parallel_tool_calls"] = true,
        ["usage"] = usage,
    };

    private static JsonObject Usage(Answer answer) => answer.WithRawUsage(new JsonObject
    {
        ["input_tokens"] = answer.Tokens.AllInput,
        ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = answer.Tokens.CacheRead },
        ["output_tokens"] = answer.Tokens.Output,
        ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = answer.Tokens.Reasoning },
        ["total_tokens"] = answer.Tokens.AllInput + answer.Tokens.Output,
    });

    private static string Event(string name, JsonObject data) => $"event: {name}\ndata: {data.ToJsonString(Answer.Plain)}\n\n";
}
