using Ringfence.Tests.Support;

namespace Ringfence.Tests.Models;

public sealed class Every_provider
{
    private static readonly (string Provider, string Address, string Path, string Key)[] All =
    [
        ("anthropic", "ANTHROPIC_BASE_URL", "", "ANTHROPIC_API_KEY"),
        ("openai-responses", "OPENAI_BASE_URL", "/v1", "OPENAI_API_KEY"),
        ("openai-chat", "OPENAI_BASE_URL", "/v1", "OPENAI_API_KEY"),
        ("gemini", "GOOGLE_GEMINI_BASE_URL", "", "GEMINI_API_KEY"),
    ];

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai-responses")]
    [InlineData("openai-chat")]
    [InlineData("gemini")]
    public async Task Does_the_same_work(string provider)
    {
        await using var agent = await AgentAsync(provider,
            """
            turns:
              - require: [{ system: "You are ringfence-agent" }, { prompt: "greet" }, { tool: Edit }]
                thinking: I should look first.
                text: Reading.
                calls: [{ tool: Read, input: { file_path: hello.txt } }, { tool: Glob, input: { pattern: "*.txt" } }]
                usage: { input: 1000, output: 10, cache_read: 200 }
              - require: [{ result: { tool: Read, contains: "hello" } }, { result: { tool: Glob, contains: "hello.txt" } }]
                calls: [{ tool: Edit, input: { file_path: hello.txt, old_string: hello, new_string: "hello \"world\"" } }]
                usage: { input: 1000, output: 10 }
              - require: [{ result: { tool: Edit, contains: "world" } }]
                text: Greeted.
                usage: { input: 1000, output: 10 }
            """);
        agent.Write("hello.txt", "hello\n");

        var run = await agent.RunAsync("-p", "greet", "--provider", provider, "--model", "simulated-model", "--permission-mode", "acceptEdits", "--output-format", "stream-json",
            "--verbose", "--include-partial-messages");

        Assert.Equal((0, "Greeted."), (run.ExitCode, (string?)run.Result["result"]));
        Assert.Equal("hello \"world\"\n", agent.Read("hello.txt"));
        Assert.Empty(agent.Model.Mismatches);

        var usage = run.Result["modelUsage"]!["simulated-model"]!;
        Assert.Equal((3000, 200), ((int)usage["inputTokens"]!, (int)usage["cacheReadInputTokens"]!));
        Assert.Contains("content_block_delta", run.OfType("stream_event").Select(e => (string?)e["event"]!["type"]));
    }

    [Theory]
    [InlineData("openai-responses")]
    [InlineData("openai-chat")]
    [InlineData("gemini")]
    public async Task Tries_again_when_a_stream_is_cut(string provider)
    {
        await using var agent = await AgentAsync(provider, "{ turns: [{ text: half an answer, cut: { events: 2 } }, { text: whole }] }");

        var run = await agent.RunAsync("-p", "go", "--provider", provider, "--model", "simulated-model");

        Assert.Equal("whole\n", run.Output);
    }

    [Theory]
    [InlineData("openai-responses")]
    [InlineData("openai-chat")]
    [InlineData("gemini")]
    public async Task Ends_at_once_when_the_answer_is_final(string provider)
    {
        await using var agent = await AgentAsync(provider, "{ turns: [{ status: 403, error: 'permission_error: stopped' }] }");

        var run = await agent.RunAsync("-p", "go", "--provider", provider, "--model", "simulated-model");

        Assert.Equal(1, run.ExitCode);
        Assert.Single(agent.Model.Requests);
    }

    [Fact]
    public async Task Can_be_replaced_by_another_model_when_it_is_overloaded()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ status: 529, headers: { x-should-retry: 'false' } }, { require: [{ model: simulated-small }], text: ok }] }");

        Assert.Equal("ok\n", (await agent.RunAsync("-p", "go", "--fallback-model", "simulated-small")).Output);
    }

    private static async Task<AgentProcess> AgentAsync(string provider, string script)
    {
        var agent = await AgentProcess.WithModelAsync(script);
        var (_, address, path, key) = All.Single(a => a.Provider == provider);
        agent.Environment[address] = agent.Model.Address + path;
        agent.Environment[key] = "test-key";
        return agent;
    }
}
