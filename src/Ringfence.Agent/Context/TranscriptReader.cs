using System.Text.Json.Nodes;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Context;

/// <summary>Reads a transcript back, ours or Claude Code's, or says why it cannot be resumed.</summary>
internal static class TranscriptReader
{
    /// <param name="until">The uuid of the last line to keep; null keeps all.</param>
    public static (RestoredSession? Restored, Failure? Failure) Read(string path, string? until)
    {
        var restored = new RestoredSession();
        var messages = new List<(string Role, string? Id, JsonArray Content)>();
        var entries = Entries(path);

        if (until is not null && !Rewind(entries, until))
        {
            return (null, new Failure("no_message", $"No message with uuid {until} in the session."));
        }

        foreach (var entry in entries)
        {
            switch (entry.Text("type"))
            {
                case "session" when entry.Integer("format") > Transcript.Format:
                    return (null, new Failure("newer_session", $"The session {entry.Text("sessionId")} was written by a newer version ({entry.Text("version")}).", "Update ringfence-agent."));

                case "user" when entry.Object("message") is { } message && entry.Flag("isMeta") is not true:
                    AddUser(messages, Blocks(message["content"]));
                    break;

                case "assistant" when entry.Object("message") is { } message && message.Text("model") != "<synthetic>":
                    AddAssistant(messages, message, restored);
                    break;

                case "file-history-snapshot" or "file-history-delta" when (entry.Text("snapshotMessageId") ?? entry.Text("messageId")) is { } prompt:
                    restored.Checkpoints.Add((prompt, entry.Text("trackingPath"), entry.Object("backup").Text("backupFileName")));
                    break;

                case "system" when entry.Text("subtype") == "compact_boundary" && entry.Text("summary") is { } summary:
                    var kept = (int)Math.Clamp(entry.Integer("keptMessages") ?? 0, 0, messages.Count);
                    messages.RemoveRange(0, messages.Count - kept);
                    messages.Insert(0, ("user", null, [Json.TextBlock(summary)]));
                    break;
            }
        }

        restored.Messages.AddRange(messages.Select(m => (m.Role, m.Content)));
        restored.Usage.AddRange(OfSubAgents(path));
        return (restored, null);
    }

    /// <summary>What the sub-agents of a session used: the session pays for it, resumed ones too.</summary>
    private static IEnumerable<(string Model, TokenUsage Usage)> OfSubAgents(string path)
    {
        var directory = new DirectoryInfo(Path.Combine(Path.ChangeExtension(path, null), "subagents"));
        return directory.Exists ? directory.EnumerateFiles("*.jsonl").SelectMany(f => Read(f.FullName, null).Restored?.Usage ?? []) : [];
    }

    private static List<JsonObject> Entries(string path)
    {
        var entries = new List<JsonObject>();
        var isSubAgent = Path.GetFileName(path).StartsWith("agent-", StringComparison.Ordinal);

        foreach (var line in File.ReadLines(path))
        {
            // The last line of a session that crashed may be half of one.
            if (Json.TryParseObject(line) is not { } entry || (entry.Flag("isSidechain") is true && !isSubAgent))
            {
                continue;
            }

            if (entry.Text("type") == "system" && entry.Text("subtype") == "rewind")
            {
                Rewind(entries, entry.Text("to") ?? "");
            }
            else
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    private static bool Rewind(List<JsonObject> entries, string to)
    {
        var at = entries.FindLastIndex(e => e.Text("uuid") == to);

        if (at >= 0)
        {
            entries.RemoveRange(at + 1, entries.Count - at - 1);
        }

        return at >= 0;
    }

    private static void AddUser(List<(string Role, string? Id, JsonArray Content)> messages, JsonArray blocks)
    {
        if (messages is not [.., { Role: "user" } last])
        {
            messages.Add(("user", null, blocks));
            return;
        }

        foreach (var block in blocks)
        {
            last.Content.Add(block?.DeepClone());
        }
    }

    private static void AddAssistant(List<(string Role, string? Id, JsonArray Content)> messages, JsonObject message, RestoredSession restored)
    {
        var id = message.Text("id");

        if (messages is [.., { Role: "assistant" } last] && last.Id == id)
        {
            foreach (var block in Blocks(message["content"]))
            {
                last.Content.Add(block?.DeepClone());
            }

            return;
        }

        messages.Add(("assistant", id, Blocks(message["content"])));
        restored.Usage.Add((message.Text("model") ?? "", TokenUsage.Read(message.Object("usage"), default)));
    }

    private static JsonArray Blocks(JsonNode? content) =>
        content is JsonArray array ? (JsonArray)array.DeepClone() : [Json.TextBlock(content?.ToString() ?? "")];
}
