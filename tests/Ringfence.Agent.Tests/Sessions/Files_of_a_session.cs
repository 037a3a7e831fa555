using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Sessions;

/// <summary>What the file tools changed can be put back to what it was at a prompt; the official SDK's tests show the rest of it.</summary>
public sealed class Files_of_a_session
{
    private const string Prompt = "11111111-1111-4111-8111-111111111111";
    private const string Script = "{ turns: [{ calls: [{ tool: Read, input: { file_path: a.txt } }] }, { calls: [{ tool: Edit, input: { file_path: a.txt, old_string: one, new_string: two } }] }, { text: done }] }";

    [Fact]
    public async Task Go_back_in_a_later_process_that_resumes_it()
    {
        await using var agent = await ChangedAsync(checkpoints: true);

        var rewound = await RewindAsync(agent, "--continue");

        Assert.True((bool)rewound["response"]!["canRewind"]!);
        Assert.Equal("one\n", agent.Read("a.txt"));
    }

    [Fact]
    public async Task Do_not_go_back_through_a_link_that_was_put_in_the_way()
    {
        await using var agent = await ChangedAsync(checkpoints: true);
        var elsewhere = Path.Combine(agent.Home, "elsewhere.txt");
        File.WriteAllText(elsewhere, "not yours");
        File.Delete(Path.Combine(agent.Workspace, "a.txt"));
        File.CreateSymbolicLink(Path.Combine(agent.Workspace, "a.txt"), elsewhere);

        var rewound = await RewindAsync(agent, "--continue");

        Assert.Equal(1, (int)rewound["response"]!["skippedLinks"]!);
        Assert.Equal("not yours", File.ReadAllText(elsewhere));
    }

    [Fact]
    public async Task Are_not_kept_unless_that_was_asked_for()
    {
        await using var agent = await ChangedAsync(checkpoints: false);

        Assert.Equal("File rewinding is not enabled.", (string?)(await RewindAsync(agent, "--continue"))["error"]);
        Assert.False(Directory.Exists(Path.Combine(agent.Home, ".claude/file-history")));
        Assert.Equal("two\n", agent.Read("a.txt"));
    }

    private static async Task<AgentProcess> ChangedAsync(bool checkpoints)
    {
        var agent = await AgentProcess.WithModelAsync(Script);
        agent.Write("a.txt", "one\n");

        if (checkpoints)
        {
            agent.Environment["CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING"] = "true";
        }

        var prompt = new JsonObject { ["type"] = "user", ["uuid"] = Prompt, ["message"] = new JsonObject { ["role"] = "user", ["content"] = "go" } };
        await agent.RunAsync(prompt.ToJsonString() + "\n", ["--output-format=stream-json", "--verbose", "--input-format=stream-json", "--permission-mode=acceptEdits"]);
        Assert.Equal("two\n", agent.Read("a.txt"));
        return agent;
    }

    private static async Task<JsonObject> RewindAsync(AgentProcess agent, params string[] flags)
    {
        var request = new JsonObject
        {
            ["type"] = "control_request", ["request_id"] = "1", ["request"] = new JsonObject { ["subtype"] = "rewind_files", ["user_message_id"] = Prompt },
        };

        string[] arguments = [AgentProcess.Executable, "--output-format=stream-json", "--verbose", "--input-format=stream-json", .. flags];
        using var process = Process.Start(agent.Prepare("dotnet", arguments))!;
        await process.StandardInput.WriteLineAsync(request.ToJsonString());

        // The input ends when the answer has come: whoever ends it before waits for seconds only.
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (JsonNode.Parse(line) is JsonObject message && (string?)message["type"] == "control_response")
            {
                await AgentProcess.FinishAsync(process, "");
                return message["response"]!.AsObject();
            }
        }

        throw new InvalidOperationException($"It ended without an answer. {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }
}
