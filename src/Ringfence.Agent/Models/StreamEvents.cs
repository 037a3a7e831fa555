using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>
/// Tells another provider's answer as the events of the Anthropic stream. Blocks are opened as they come and closed together at the end, because
/// some providers go back and forth between them.
/// </summary>
internal sealed class StreamEvents
{
    private readonly List<int> open = [];
    private int? text;
    private int? thinking;
    private int next;

    public bool IsStarted { get; private set; }

    public IEnumerable<ModelEvent> Start(string? id, string? model)
    {
        if (!IsStarted)
        {
            IsStarted = true;

            yield return Chunk(new JsonObject
            {
                ["type"] = "message_start",
                ["message"] = new JsonObject
                {
                    ["id"] = id ?? "", ["type"] = "message", ["role"] = "assistant", ["model"] = model ?? "", ["content"] = new JsonArray(),
                    ["stop_reason"] = null, ["usage"] = default(TokenUsage).ToJson(),
                },
            });
        }
    }

    public IEnumerable<ModelEvent> Text(string delta)
    {
        if (delta.Length == 0)
        {
            yield break;
        }

        if (text is null)
        {
            text = next;
            yield return Open(new JsonObject { ["type"] = "text", ["text"] = "" });
        }

        yield return Delta(text.Value, new JsonObject { ["type"] = "text_delta", ["text"] = delta });
    }

    public IEnumerable<ModelEvent> Thinking(string delta)
    {
        if (thinking is null)
        {
            thinking = next;
            yield return Open(new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" });
        }

        yield return Delta(thinking.Value, new JsonObject { ["type"] = "thinking_delta", ["thinking"] = delta });
    }

    /// <summary>Ends the thinking with what the provider wants to see again next time.</summary>
    public IEnumerable<ModelEvent> Sign(string signature)
    {
        foreach (var e in thinking is null ? Thinking("") : [])
        {
            yield return e;
        }

        yield return Delta(thinking!.Value, new JsonObject { ["type"] = "signature_delta", ["signature"] = signature });
        thinking = null;
    }

    /// <returns>The number by which the call's arguments are added.</returns>
    public int Call(string id, string name, out ModelEvent opened, string? signature = null)
    {
        var block = new JsonObject { ["type"] = "tool_use", ["id"] = id, ["name"] = name, ["input"] = new JsonObject() };

        if (signature is not null)
        {
            block["provider_signature"] = signature;
        }

        text = null; // what is said after a call is another block
        var number = next;
        opened = Open(block);
        return number;
    }

    public static ModelEvent Arguments(int number, string delta) => Delta(number, new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = delta });

    public IEnumerable<ModelEvent> End(string stopReason, TokenUsage usage)
    {
        foreach (var number in open)
        {
            yield return Chunk(new JsonObject { ["type"] = "content_block_stop", ["index"] = number });
        }

        yield return Chunk(new JsonObject
        {
            ["type"] = "message_delta", ["delta"] = new JsonObject { ["stop_reason"] = stopReason, ["stop_sequence"] = null }, ["usage"] = usage.ToJson(),
        });

        yield return Chunk(new JsonObject { ["type"] = "message_stop" });
    }

    public static ModelEvent Fail(string type, string message, int? status = null) => new ModelEvent.Failed(new ModelFailure(status, type, message));

    private ModelEvent Open(JsonObject block)
    {
        open.Add(next);
        return Chunk(new JsonObject { ["type"] = "content_block_start", ["index"] = next++, ["content_block"] = block });
    }

    private static ModelEvent Delta(int index, JsonObject delta) => Chunk(new JsonObject { ["type"] = "content_block_delta", ["index"] = index, ["delta"] = delta });

    private static ModelEvent Chunk(JsonObject json) => new ModelEvent.Chunk(json);
}
