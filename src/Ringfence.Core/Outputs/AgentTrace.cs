using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ringfence.Outputs;

/// <summary>
/// Which lines of a commit an agent wrote, as an Agent Trace record 0.1.0 (agent-trace.dev). Where such records are kept is left open there; ours is a note on
/// <c>refs/notes/agent-trace</c>, so that it travels with the commit.
/// </summary>
public static class AgentTrace
{
    public const string Ref = "refs/notes/agent-trace";

    /// <param name="version">Of Ringfence, the tool that writes the record.</param>
    public static string Of(AddedLines lines, string commit, string agent, string run, string model, string version, DateTimeOffset at)
    {
        using var stream = new MemoryStream();

        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("version", "0.1.0");
            json.WriteString("id", IdOf(commit, run));
            json.WriteString("timestamp", at.UtcDateTime);
            json.WriteStartObject("vcs");
            json.WriteString("type", "git");
            json.WriteString("revision", commit);
            json.WriteEndObject();
            json.WriteStartObject("tool");
            json.WriteString("name", "ringfence");
            json.WriteString("version", version);
            json.WriteEndObject();
            json.WriteStartArray("files");

            foreach (var (path, ranges) in lines.Files)
            {
                WriteFile(json, path, ranges, run, model);
            }

            json.WriteEndArray();
            json.WriteStartObject("metadata");
            json.WriteString("agent", agent);
            json.WriteString("run", run);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteFile(Utf8JsonWriter json, string path, IReadOnlyList<(int First, int Last)> ranges, string run, string model)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteStartArray("conversations");
        json.WriteStartObject();
        json.WriteString("url", $"ringfence:run:{run}");
        json.WriteStartObject("contributor");
        json.WriteString("type", "ai");
        json.WriteString("model_id", model);
        json.WriteEndObject();
        json.WriteStartArray("ranges");

        foreach (var (first, last) in ranges)
        {
            json.WriteStartObject();
            json.WriteNumber("start_line", first);
            json.WriteNumber("end_line", last);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The same for the same commit of the same run (RFC 9562, version 8), so that publishing again after a crash writes the same record.</summary>
    private static Guid IdOf(string commit, string run)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{run}:{commit}"))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
