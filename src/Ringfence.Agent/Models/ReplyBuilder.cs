using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>Puts the events of a stream together to the message they describe. Blocks it does not know are kept as they came.</summary>
internal sealed class ReplyBuilder
{
    private readonly List<(JsonObject Block, StringBuilder Growing)> blocks = [];
    private string id = "";
    private string model = "";
    private string? stopReason;

    public TokenUsage Usage { get; private set; }

    public bool IsStarted { get; private set; }

    public bool IsComplete { get; private set; }

    public string? RequestId { get; set; }

    /// <summary>Takes one event. False when the event contradicts what came before it.</summary>
    public bool TryAdd(JsonObject e)
    {
        switch (e.Text("type"))
        {
            case "message_start" when e.Object("message") is { } message:
                id = message.Text("id") ?? "";
                model = message.Text("model") ?? "";
                Usage = TokenUsage.Read(message.Object("usage"), Usage);
                return IsStarted = true;

            case "content_block_start" when e.Object("content_block") is { } block && e.Integer("index") == blocks.Count:
                blocks.Add(((JsonObject)block.DeepClone(), new StringBuilder()));
                return true;

            case "content_block_delta" when e.Object("delta") is { } delta && e.Integer("index") is { } index && index >= 0 && index < blocks.Count:
                Grow(blocks[(int)index], delta);
                return true;

            case "content_block_stop" when e.Integer("index") is { } index && index >= 0 && index < blocks.Count:
                Finish(blocks[(int)index]);
                return true;

            case "message_delta":
                stopReason = e.Object("delta").Text("stop_reason") ?? stopReason;
                Usage = TokenUsage.Read(e.Object("usage"), Usage);
                return IsStarted;

            case "message_stop":
                IsComplete = true;
                return IsStarted;

            case "message_start" or "content_block_start" or "content_block_delta" or "content_block_stop":
                return false;

            default: // ping, and what is invented next
                return true;
        }
    }

    public ModelReply Build()
    {
        var content = new JsonArray();

        foreach (var (block, _) in blocks)
        {
            content.Add((JsonNode)block);
        }

        return new ModelReply(id, model, content, stopReason, Usage, RequestId);
    }

    private static void Grow((JsonObject Block, StringBuilder Growing) at, JsonObject delta)
    {
        switch (delta.Text("type"))
        {
            case "text_delta":
                at.Growing.Append(delta.Text("text"));
                break;

            case "input_json_delta":
                at.Growing.Append(delta.Text("partial_json"));
                break;

            case "thinking_delta":
                at.Growing.Append(delta.Text("thinking"));
                break;

            case "signature_delta":
                at.Block["signature"] = at.Block.Text("signature") + delta.Text("signature");
                break;

            case "citations_delta" when delta["citation"] is { } citation:
                var citations = at.Block.Array("citations") ?? [];
                at.Block["citations"] ??= citations;
                citations.Add(citation.DeepClone());
                break;
        }
    }

    private static void Finish((JsonObject Block, StringBuilder Growing) at)
    {
        switch (at.Block.Text("type"))
        {
            case "text":
                at.Block["text"] = at.Block.Text("text") + at.Growing;
                break;

            case "thinking":
                at.Block["thinking"] = at.Block.Text("thinking") + at.Growing;
                break;

            case "tool_use" or "server_tool_use" when at.Growing.Length > 0:
                var text = at.Growing.ToString();

                if (Json.TryParseObject(text) is { } input)
                {
                    at.Block["input"] = input;
                }
                else
                {
                    // The wire demands an object in the history; the broken text is told to the model in the tool's result.
                    at.Block["input"] = new JsonObject { [MalformedInput] = text };
                }

                break;
        }

        at.Growing.Clear();
    }

    /// <summary>Name of the only property of a tool input that was not a JSON object.</summary>
    public const string MalformedInput = "malformed_json";
}
