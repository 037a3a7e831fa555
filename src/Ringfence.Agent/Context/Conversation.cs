using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Context;

/// <summary>The messages between user and model, always in a form that the wire accepts: user and assistant in turn, every call with its result.</summary>
internal sealed class Conversation
{
    private readonly List<Message> messages = [];
    private long settledBytes;
    private long settledTokens;

    public IReadOnlyList<Message> Messages => messages;

    /// <summary>Tokens that the model last counted for the whole conversation, its own answer included.</summary>
    public long Tokens => settledTokens;

    public void AddUser(JsonArray content)
    {
        // Two user messages in a row become one: after an interrupt the next prompt follows the results of the tools.
        if (messages is [.., { Role: "user" } last])
        {
            var joined = (JsonArray)last.Content.DeepClone();

            foreach (var block in content)
            {
                joined.Add(block?.DeepClone());
            }

            messages[^1] = new Message("user", joined);
            return;
        }

        messages.Add(new Message("user", content));
    }

    public void AddAssistant(ModelReply reply)
    {
        var content = new JsonArray();

        foreach (var block in reply.Content)
        {
            // The wire refuses an empty text when it comes back.
            if (block.Text("type") != "text" || !string.IsNullOrWhiteSpace(block.Text("text")))
            {
                content.Add(block!.DeepClone());
            }
        }

        if (content.Count > 0)
        {
            messages.Add(new Message("assistant", content));
        }

        settledBytes = messages.Sum(m => (long)m.Length);
        settledTokens = reply.Usage.AllInput + reply.Usage.Output;
    }

    private void AddRestored(JsonArray content)
    {
        if (content.Count > 0)
        {
            messages.Add(new Message("assistant", content));
        }
    }

    /// <summary>Begins with what an earlier process left.</summary>
    public void Restore(IEnumerable<(string Role, JsonArray Content)> restored)
    {
        foreach (var (role, content) in restored)
        {
            if (role == "user")
            {
                AddUser(content);
            }
            else
            {
                AddRestored(content);
            }
        }
    }

    public void Replace(IEnumerable<Message> with)
    {
        messages.Clear();
        messages.AddRange(with);
        (settledBytes, settledTokens) = (0, 0);
    }

    /// <summary>
    /// No fewer tokens than the provider will count for the next call: what it counted last, and one token for every byte that came since; without
    /// a count one token per byte of everything.
    /// </summary>
    public long InputBound(long prefixBytes)
    {
        var bytes = messages.Sum(m => (long)m.Length);
        return settledTokens > 0 ? settledTokens + bytes - settledBytes : bytes + prefixBytes;
    }

    /// <summary>Answers every call of the last message that has no result yet, so that the conversation can go on.</summary>
    public void CloseOpenCalls(string because)
    {
        if (messages is not [.., { Role: "assistant" } last])
        {
            return;
        }

        var results = new JsonArray();

        foreach (var use in last.Content.OfType<JsonObject>().Where(b => b.Text("type") == "tool_use"))
        {
            results.Add((JsonNode)new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = use.Text("id"), ["content"] = because, ["is_error"] = true });
        }

        if (results.Count > 0)
        {
            messages.Add(new Message("user", results));
        }
    }

    public static long Bytes(IEnumerable<string> texts) => texts.Sum(t => (long)Encoding.UTF8.GetByteCount(t));
}
