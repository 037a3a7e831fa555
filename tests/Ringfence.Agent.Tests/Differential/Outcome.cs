using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Differential;

/// <summary>What a program did in a conversation: what it printed, how it ended, what it told the model.</summary>
internal sealed record Outcome(int ExitCode, IReadOnlyList<JsonObject> Events, string Output, IReadOnlyList<JsonObject> Requests)
{
    public static async Task<Outcome> OfAsync(Conversation conversation, bool ofClaudeCode)
    {
        await using var agent = await AgentProcess.WithModelAsync(workspace => conversation.Script.Replace("WORKSPACE", workspace, StringComparison.Ordinal));
        agent.Environment["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        agent.Environment["CLAUDE_CODE_MAX_RETRIES"] = "2";

        foreach (var (name, text) in conversation.Files)
        {
            agent.Write(name, text);
        }

        var code = 0;
        var lines = new List<string>();

        foreach (var run in conversation.Runs)
        {
            string[] arguments = [.. run.Flags.Select(f => f.Replace("WORKSPACE", agent.Workspace, StringComparison.Ordinal))];

            using var process = Process.Start(ofClaudeCode ? agent.Prepare(ClaudeCode.Executable, arguments) : agent.Prepare("dotnet", [AgentProcess.Executable, .. arguments]))!;
            code = await TalkAsync(process, run, lines);
        }

        var requests = agent.Model.Requests.Where(r => r.Turn >= 0).Select(r => JsonNode.Parse(r.Text)!.AsObject()).ToArray();
        string Plain(string text) => text.Replace(agent.Workspace, "WORKSPACE", StringComparison.Ordinal).Replace(agent.Home, "HOME", StringComparison.Ordinal);
        var events = lines.Where(l => l.StartsWith('{')).Select(l => JsonNode.Parse(Plain(l))!.AsObject()).ToArray();
        return new Outcome(code, events, Plain(string.Join('\n', lines)), [.. requests.Select(r => JsonNode.Parse(Plain(r.ToJsonString()))!.AsObject())]);
    }

    private static async Task<int> TalkAsync(Process process, Run run, List<string> lines)
    {
        var error = process.StandardError.ReadToEndAsync();
        var says = new Queue<string>(run.Says);
        await SayAsync(process, says);

        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            lines.Add(line);

            if (!line.StartsWith('{') || JsonNode.Parse(line) is not JsonObject happened)
            {
                continue;
            }

            if ((string?)happened["type"] == "control_request" && run.Answer?.Invoke(happened["request"]!.AsObject()) is { } answer)
            {
                await process.StandardInput.WriteLineAsync(new JsonObject
                {
                    ["type"] = "control_response",
                    ["response"] = new JsonObject { ["subtype"] = "success", ["request_id"] = (string?)happened["request_id"], ["response"] = answer },
                }.ToJsonString());
            }

            if (says.TryPeek(out var next) && next == "after " + (string?)happened["type"])
            {
                says.Dequeue();
                await SayAsync(process, says);
            }
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await error;
        return process.ExitCode;
    }

    /// <summary>Says what comes before the next thing that is waited for; after the last the input ends.</summary>
    private static async Task SayAsync(Process process, Queue<string> says)
    {
        while (says.TryPeek(out var next) && !next.StartsWith("after ", StringComparison.Ordinal))
        {
            await process.StandardInput.WriteLineAsync(says.Dequeue());
        }

        if (says.Count == 0)
        {
            process.StandardInput.Close();
        }
        else
        {
            await process.StandardInput.FlushAsync();
        }
    }
}
