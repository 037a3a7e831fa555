using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Context;

/// <summary>
/// A conversation on disk, one line per block, as it happens: a crash loses at most the line being written. The form is Claude Code's, so that
/// programs that read those read ours.
/// </summary>
internal sealed class Transcript : IDisposable
{
    /// <summary>Raise it when an older version could not read what is written any more.</summary>
    private const int Format = 1;

    private readonly FileStream? file;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private string? parent;

    private Transcript(string path, FileStream? file, string sessionId, string directory, TimeProvider time)
    {
        (Path, this.file, SessionId, Directory, this.time) = (path, file, sessionId, directory, time);
    }

    public string Path { get; }

    public string SessionId { get; }

    private string Directory { get; }

    /// <param name="keep">False writes nothing.</param>
    public static Transcript Open(string path, string sessionId, string directory, bool keep, TimeProvider time)
    {
        if (!keep)
        {
            return new Transcript(path, null, sessionId, directory, time);
        }

        System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var isNew = !File.Exists(path);

        var options = new FileStreamOptions
        {
            Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };

        var transcript = new Transcript(path, new FileStream(path, options), sessionId, directory, time);

        if (isNew)
        {
            transcript.Write("session", w => w.WriteNumber("format", Format), Guid.CreateVersion7(time.GetUtcNow()));
        }

        return transcript;
    }

    public void Record(AgentReport report)
    {
        if (report.ParentToolUseId is not null)
        {
            return; // the work of a sub-agent is its own; its result is part of this conversation
        }

        switch (report)
        {
            case AgentReport.Prompted prompted:
                WriteUser(prompted.Content, report.Uuid);
                break;

            case AgentReport.Spoke { Reply.Model: not "<synthetic>" } spoke:
                Write("assistant", w => WriteAssistant(w, spoke.Reply, spoke.Block), report.Uuid);
                break;

            case AgentReport.ToolReturned returned:
                WriteUser([returned.Result.DeepClone()], report.Uuid);
                break;

            case AgentReport.Injected injected:
                WriteUser([Json.TextBlock(injected.Text)], report.Uuid);
                break;

            case AgentReport.Compacted compacted:
                Write("system", w =>
                {
                    w.WriteString("subtype", "compact_boundary");
                    w.WriteString("summary", compacted.Summary);
                    w.WriteString("dropped", compacted.Dropped);
                    w.WriteNumber("keptMessages", compacted.KeptMessages);
                }, report.Uuid);
                break;
        }
    }

    /// <summary>From here on the conversation goes on from an earlier line; what came after that one stays in the file.</summary>
    public void RecordRewind(string to, Guid uuid) => Write("system", w =>
    {
        w.WriteString("subtype", "rewind");
        w.WriteString("to", to);
    }, uuid);

    /// <summary>A message of another session that this one begins with. Its usage was paid there.</summary>
    public void RecordCopy(string role, JsonArray content, Guid uuid) => Write(role, w =>
    {
        w.WriteStartObject("message");

        if (role == "assistant")
        {
            w.WriteString("id", "copy_" + uuid);
        }

        w.WriteString("role", role);
        StreamJson.Node(w, "content", content);
        w.WriteEndObject();
    }, uuid);

    public void Dispose() => file?.Dispose();

    private void WriteUser(JsonArray content, Guid uuid) => Write("user", w =>
    {
        w.WriteStartObject("message");
        w.WriteString("role", "user");
        StreamJson.Node(w, "content", content);
        w.WriteEndObject();
    }, uuid);

    private static void WriteAssistant(Utf8JsonWriter w, ModelReply reply, JsonObject block)
    {
        w.WriteStartObject("message");
        w.WriteString("id", reply.Id);
        w.WriteString("type", "message");
        w.WriteString("role", "assistant");
        w.WriteString("model", reply.Model);
        StreamJson.Node(w, "content", new JsonArray(block.DeepClone()));
        w.WriteString("stop_reason", reply.StopReason);
        StreamJson.Node(w, "usage", reply.Usage.ToJson());
        w.WriteEndObject();
    }

    private void Write(string type, Action<Utf8JsonWriter> content, Guid uuid)
    {
        if (file is null)
        {
            return;
        }

        lock (gate)
        {
            using var line = new MemoryStream();

            using (var w = new Utf8JsonWriter(line, Json.Compact))
            {
                w.WriteStartObject();
                w.WriteString("parentUuid", parent);
                w.WriteBoolean("isSidechain", false);
                w.WriteString("userType", "external");
                w.WriteString("cwd", Directory);
                w.WriteString("sessionId", SessionId);
                w.WriteString("version", Program.Version);
                w.WriteString("type", type);
                content(w);
                w.WriteString("uuid", uuid);
                w.WriteString("timestamp", time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
                w.WriteEndObject();
            }

            line.WriteByte((byte)'\n');

            try
            {
                file.Write(line.GetBuffer(), 0, (int)line.Length);
            }
            catch (IOException)
            {
                // A full disk must not end the work; what can be resumed ends here.
            }

            parent = uuid.ToString();
        }
    }

    /// <summary>Reads a transcript back, or says why it cannot be resumed.</summary>
    /// <param name="until">The uuid of the last line to keep; null keeps all.</param>
    public static (Restored? Restored, Failure? Failure) Read(string path, string? until)
    {
        var restored = new Restored();
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
                case "session" when entry.Integer("format") > Format:
                    return (null, new Failure("newer_session", $"The session {entry.Text("sessionId")} was written by a newer version ({entry.Text("version")}).", "Update ringfence-agent."));

                case "user" when entry.Object("message") is { } message && entry.Flag("isMeta") is not true:
                    AddUser(messages, Blocks(message["content"]));
                    break;

                case "assistant" when entry.Object("message") is { } message && message.Text("model") != "<synthetic>":
                    AddAssistant(messages, message, restored);
                    break;

                case "system" when entry.Text("subtype") == "compact_boundary" && entry.Text("summary") is { } summary:
                    var kept = (int)Math.Clamp(entry.Integer("keptMessages") ?? 0, 0, messages.Count);
                    messages.RemoveRange(0, messages.Count - kept);
                    messages.Insert(0, ("user", null, [Json.TextBlock(summary)]));
                    break;
            }
        }

        restored.Messages.AddRange(messages.Select(m => (m.Role, m.Content)));
        return (restored, null);
    }

    private static List<JsonObject> Entries(string path)
    {
        var entries = new List<JsonObject>();

        foreach (var line in File.ReadLines(path))
        {
            // The last line of a session that crashed may be half of one.
            if (Json.TryParseObject(line) is not { } entry || entry.Flag("isSidechain") is true)
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

    private static void AddAssistant(List<(string Role, string? Id, JsonArray Content)> messages, JsonObject message, Restored restored)
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

    internal sealed class Restored
    {
        public List<(string Role, JsonArray Content)> Messages { get; } = [];

        /// <summary>What the calls so far used, by model: the cost of a resumed session is that of all of it.</summary>
        public List<(string Model, TokenUsage Usage)> Usage { get; } = [];
    }
}
