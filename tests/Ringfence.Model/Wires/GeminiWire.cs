using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>Gemini's generateContent and streamGenerateContent (as server-sent events).</summary>
internal sealed class GeminiWire : IWire
{
    private const string WholeCall = ":generateContent";
    private const string StreamCall = ":streamGenerateContent";

    public string Name => "gemini";

    public string ErrorEvent => Data(Error(503, null, "The model is overloaded (simulated)"));

    public bool Takes(string path) => path.EndsWith(WholeCall, StringComparison.Ordinal) || path.EndsWith(StreamCall, StringComparison.Ordinal);

    public ModelRequest Read(string path, IReadOnlyDictionary<string, string> headers, byte[] body, JsonObject json)
    {
        var conversation = new ConversationReader();
        conversation.System(ConversationReader.TextOf(json["systemInstruction"]?["parts"]));

        foreach (var content in json["contents"]?.AsArray() ?? [])
        {
            ReadContent(conversation, content);
        }

        var model = path[(path.LastIndexOf('/') + 1)..path.LastIndexOf(':')];
        var tools = (json["tools"]?.AsArray() ?? []).SelectMany(t => (t?["functionDeclarations"]?.AsArray() ?? []).Select(f => (string?)f?["name"] ?? ""));

        return conversation.Finish(
            body, headers, model, path.EndsWith(StreamCall, StringComparison.Ordinal), (long?)json["generationConfig"]?["maxOutputTokens"], tools);
    }

    private static void ReadContent(ConversationReader conversation, JsonNode? content)
    {
        var parts = content?["parts"]?.AsArray() ?? [];
        var texts = parts.Where(p => p?["text"] is not null).Select(p => (string?)p!["text"] ?? "").ToList();

        if ((string?)content?["role"] == "model")
        {
            conversation.Assistant();
        }
        else if (texts.Count > 0)
        {
            conversation.User(string.Join("\n", texts));
        }

        foreach (var part in parts)
        {
            if (part?["functionCall"] is { } call)
            {
                conversation.Call((string?)call["id"] ?? (string?)call["name"] ?? "", (string?)call["name"] ?? "");
            }
            else if (part?["functionResponse"] is { } response)
            {
                var answer = response["response"];
                var error = answer?["error"];
                var name = (string?)response["name"] ?? "";
                conversation.Result(
                    (string?)response["id"] ?? name, ConversationReader.TextOf(error ?? answer?["output"] ?? answer?.ToJsonString()), error is not null, name);
            }
        }
    }

    public JsonObject Whole(Answer answer) => Response(answer, [.. Parts(answer, answer.Text is null ? [] : [answer.Text])], last: true);

    public IEnumerable<string> Events(Answer answer)
    {
        var parts = Parts(answer, answer.Pieces(answer.Text ?? "")).ToList();

        foreach (var part in parts)
        {
            yield return Data(Response(answer, [part], last: false));
        }

        yield return Data(Response(answer, [], last: true));
    }

    public JsonObject Error(int status, string? type, string message) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = status,
            ["message"] = message,
            ["status"] = type ?? status switch
            {
                400 => "INVALID_ARGUMENT",
                401 => "UNAUTHENTICATED",
                403 => "PERMISSION_DENIED",
                404 => "NOT_FOUND",
                429 => "RESOURCE_EXHAUSTED",
                503 => "UNAVAILABLE",
                _ => "INTERNAL",
            },
        },
    };

    private static IEnumerable<JsonObject> Parts(Answer answer, IEnumerable<string> texts)
    {
        if (answer.Thinking is { } thinking)
        {
            yield return new JsonObject { ["text"] = thinking, ["thought"] = true };
        }

        foreach (var text in texts)
        {
            yield return new JsonObject { ["text"] = text };
        }

        foreach (var call in answer.Calls)
        {
            yield return new JsonObject
            {
                ["functionCall"] = new JsonObject { ["id"] = call.Id, ["name"] = call.Tool, ["args"] = call.Input?.DeepClone() },
            };
        }
    }

    private static JsonObject Response(Answer answer, IEnumerable<JsonObject> parts, bool last)
    {
        var candidate = new JsonObject
        {
            ["content"] = new JsonObject { ["role"] = "model", ["parts"] = new JsonArray([.. parts]) },
            ["index"] = 0,
        };

        if (last)
        {
            candidate["finishReason"] = answer.Stop == "max_tokens" ? "MAX_TOKENS" : "STOP";
        }

        var tokens = answer.Tokens;
        var output = last ? tokens.Output - tokens.Reasoning : 0;

        return new JsonObject
        {
            ["candidates"] = new JsonArray(candidate),
            ["usageMetadata"] = answer.WithRawUsage(new JsonObject
            {
                ["promptTokenCount"] = tokens.AllInput,
                ["cachedContentTokenCount"] = tokens.CacheRead,
                ["candidatesTokenCount"] = output,
                ["thoughtsTokenCount"] = last ? tokens.Reasoning : 0,
                ["totalTokenCount"] = tokens.AllInput + (last ? tokens.Output : 0),
            }),
            ["modelVersion"] = answer.Model,
            ["responseId"] = answer.Id,
        };
    }

    private static string Data(JsonObject json) => $"data: {json.ToJsonString(Answer.Plain)}\r\n\r\n";
}
