using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Acp;

public sealed class An_editor
{
    private const string Writes =
        """
        turns:
          - text: Writing.
            calls: [{ tool: Write, input: { file_path: made.txt, content: x } }]
          - text: Done.
        """;

    [Fact]
    public async Task Sees_the_work_and_is_asked_before_a_file_changes()
    {
        var (happened, files) = await RunAsync("allow", Writes);

        Assert.Equal(1, (int)Value(happened, "version")!);
        Assert.Equal("end_turn", (string?)Value(happened, "stopped"));
        Assert.Equal("edit", (string?)Value(happened, "asked")!["kind"]);
        Assert.Contains(happened, h => (string?)h["what"] == "agent_message_chunk");
        Assert.Equal(["in_progress", "completed"], happened.Where(h => (string?)h["what"] == "tool_call_update").Select(h => (string?)h["value"]!["status"]));
        Assert.Equal("made.txt", Assert.Single(files));
    }

    [Fact]
    public async Task Is_obeyed_when_it_rejects()
    {
        var (happened, files) = await RunAsync("reject", Writes);

        Assert.Equal("failed", (string?)happened.Last(h => (string?)h["what"] == "tool_call_update")["value"]!["status"]);
        Assert.Empty(files);
    }

    [Fact]
    public async Task Cancels()
    {
        var (happened, _) = await RunAsync("cancel", "{ turns: [{ calls: [{ tool: Bash, input: { command: sleep 60 } }] }, { text: never }] }");

        Assert.Equal("cancelled", (string?)Value(happened, "stopped"));
    }

    [Fact]
    public async Task Loads_a_session_again_with_what_was_said()
    {
        var (happened, _) = await RunAsync("load", Writes);

        Assert.Equal("ok", (string?)Value(happened, "end"));
        Assert.Contains(happened, h => (string?)h["what"] == "user_message_chunk");
    }

    private static JsonNode? Value(IReadOnlyList<JsonObject> happened, string what) => happened.Single(h => (string?)h["what"] == what)["value"];

    private static async Task<(IReadOnlyList<JsonObject> Happened, string?[] Files)> RunAsync(string scenario, string script)
    {
        Node.SkipWithoutPackages();
        await using var agent = await AgentProcess.WithModelAsync(script);
        using var process = Process.Start(agent.Prepare("node", [Path.Combine(Node.Directory, "acp.mjs"), Node.ExecutableFor(agent), scenario]))!;
        var run = await AgentProcess.FinishAsync(process, "");
        Assert.True(run.Events.Any(e => (string?)e["what"] == "end" && (string?)e["value"] == "ok"), run.Output + run.Error);
        return (run.Events, [.. Directory.EnumerateFileSystemEntries(agent.Workspace).Select(Path.GetFileName)]);
    }
}
