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
    public const int Format = 1;

    private readonly FileStream? file;
    private readonly string directory;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private string? parent;

    private Transcript(string path, FileStream? file, string sessionId, string directory, TimeProvider time)
    {
        (Path, this.file, SessionId, this.directory, this.time) = (path, file, sessionId, directory, time);
    }

    public string Path { get; }

    public string SessionId { get; }

    /// <summary>Set for a sub-agent's.</summary>
    public string? AgentId { get; private init; }

    /// <summary>The file of the session, also when this one is a sub-agent's.</summary>
    public string SessionPath { get => field ?? Path; private init; }

    /// <summary>Gets every line that is written, and the file it went to.</summary>
    public Action<string, ReadOnlyMemory<byte>>? Mirror { get; set; }

    /// <param name="keep">False writes nothing.</param>
    public static Transcript Open(string path, string sessionId, string directory, bool keep, TimeProvider time)
    {
        var isNew = !File.Exists(path);
        var transcript = new Transcript(path, keep ? Append(path) : null, sessionId, directory, time);

        if (isNew)
        {
            transcript.Write("session", w => w.WriteNumber("format", Format), Guid.CreateVersion7(time.GetUtcNow()));
        }

        return transcript;
    }

    /// <summary>The transcript of a sub-agent, beside this one: <c>SESSION/subagents/agent-ID.jsonl</c>.</summary>
    public Transcript OpenFor(string agentId)
    {
        var path = PathFor(agentId);
        return new Transcript(path, file is null ? null : Append(path), SessionId, directory, time) { AgentId = agentId, SessionPath = Path, Mirror = Mirror };
    }

    public string PathFor(string agentId) => System.IO.Path.Combine(System.IO.Path.ChangeExtension(Path, null), "subagents", $"agent-{agentId}.jsonl");

    private static FileStream Append(string path)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var options = new FileStreamOptions
        {
            Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };

        return new FileStream(path, options);
    }

    public void Record(AgentReport report)
    {
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

    /// <summary>A copy of a file was made for going back to a prompt; without a file, a prompt began.</summary>
    public void RecordCheckpoint(string prompt, string? file, string? copy, Guid uuid) => Write(file is null ? "file-history-snapshot" : "file-history-delta", w =>
    {
        w.WriteString("messageId", prompt);

        if (file is not null)
        {
            w.WriteString("snapshotMessageId", prompt);
            w.WriteString("trackingPath", file);
            w.WriteStartObject("backup");
            w.WriteString("backupFileName", copy);
            w.WriteEndObject();
        }
    }, uuid, isMessage: false);

    public void RecordTitle(string title, Guid uuid) => Write("custom-title", w => w.WriteString("customTitle", title), uuid, isMessage: false);

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

    /// <param name="isMessage">What is none has no place in the chain of messages.</param>
    private void Write(string type, Action<Utf8JsonWriter> content, Guid uuid, bool isMessage = true)
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
                w.WriteBoolean("isSidechain", AgentId is not null);

                if (AgentId is not null)
                {
                    w.WriteString("agentId", AgentId);
                }

                w.WriteString("userType", "external");
                w.WriteString("cwd", directory);
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

            parent = isMessage ? uuid.ToString() : parent;
            Mirror?.Invoke(Path, line.GetBuffer().AsMemory(0, (int)line.Length - 1));
        }
    }
}
