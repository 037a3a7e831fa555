using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Commands in the background and sub-agents, as the other side sees and ends them.</summary>
internal sealed class TaskRequests(ControlHost host)
{
    private const int Tail = 8192;

    /// <summary>Ends one. Of one that has ended or never was, nothing is left to end.</summary>
    public async Task<JsonObject?> StopAsync(string id)
    {
        if (host.Session is { } session)
        {
            session.Running.Stop(id);
            await session.Workplace.Shells.StopAsync(id, session.Time);
        }

        return [];
    }

    /// <summary>Has commands and sub-agents that the model waits for go on in the background: one, or all.</summary>
    public JsonObject MoveToBackground(string? toolUseId)
    {
        var moved = host.Session?.Workplace.Shells.MoveToBackground(toolUseId) ?? 0;
        return toolUseId is null ? [] : new JsonObject { ["backgrounded"] = moved > 0 };
    }

    public JsonObject Output(string id)
    {
        if (host.Session?.Workplace.Shells.Find(id) is not { } found)
        {
            throw new ControlException("get_task_output: no shell with that task_id in this session");
        }

        using var file = new FileStream(found.Shell.OutputFile, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        var length = file.Length;
        file.Seek(Math.Max(0, length - Tail), SeekOrigin.Begin);
        var bytes = new byte[Math.Min(length, Tail)];
        var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return new JsonObject { ["output"] = Encoding.UTF8.GetString(bytes, 0, read), ["total_bytes"] = length, ["truncated"] = length > Tail };
    }
}
