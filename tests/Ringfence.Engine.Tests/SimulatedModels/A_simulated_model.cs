using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.SimulatedModels;

/// <summary>Other tests rest on it: what it demands, it must really demand.</summary>
public sealed class A_simulated_model
{
    private static readonly HttpClient Http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Does_not_go_on_without_the_tool_result_that_its_script_demands()
    {
        await using var model = await SimulatedModel.StartAsync(
            """
            turns:
              - calls: [{ tool: Read, input: { file_path: /workspace/a.txt } }]
              - require: [{ result: { tool: Read, contains: alpha } }]
                text: done
            """);
        await AskAsync(model, User("go"));

        var (status, refusal) = await AskAsync(model, User("go"), Called("Read"), Returned("beta"));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("containing 'alpha'", (string?)refusal["error"]!["message"], StringComparison.Ordinal);
        Assert.Contains("'beta'", (string?)refusal["error"]!["message"], StringComparison.Ordinal);
        Assert.False(model.IsFinished);

        var (_, answer) = await AskAsync(model, User("go"), Called("Read"), Returned("alpha"));
        Assert.Equal("done", (string?)answer["content"]![0]!["text"]);
        Assert.True(model.IsFinished);
        Assert.Single(model.Mismatches);
    }

    [Fact]
    public async Task Does_not_take_an_older_result_for_the_newest()
    {
        await using var model = await SimulatedModel.StartAsync(
            new Turn { Require = [new() { Result = new() { Contains = "alpha" } }], Text = "done" });

        var (status, _) = await AskAsync(model, User("go"), Called("Read"), Returned("alpha"), Called("Read", "t2"), Returned("beta", "t2"));

        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Fact]
    public async Task Fills_what_it_captured_into_its_calls()
    {
        await using var model = await SimulatedModel.StartAsync(
            """
            turns:
              - require: [{ result: { matches: 'port (?<port>\d+)' } }]
                calls: [{ tool: Bash, input: { command: 'nc localhost ${port}' } }]
            """);

        var (_, answer) = await AskAsync(model, User("go"), Called("Bash"), Returned("listens on port 7400"));

        Assert.Equal("nc localhost 7400", (string?)answer["content"]![0]!["input"]!["command"]);
    }

    [Fact]
    public async Task Stays_within_the_tokens_that_a_request_allows()
    {
        await using var model = await SimulatedModel.StartAsync(
            new Turn { Text = new string('x', 400), Usage = new() { Output = 100 } },
            new Turn { Text = "far too long", Usage = new() { Output = 100 }, IgnoreMaxTokens = true });

        var (_, cut) = await AskAsync(model, maxTokens: 25, User("go"));
        Assert.Equal("max_tokens", (string?)cut["stop_reason"]);
        Assert.Equal(25, (int?)cut["usage"]!["output_tokens"]);
        Assert.Equal(100, ((string?)cut["content"]![0]!["text"])!.Length);

        var (_, beyond) = await AskAsync(model, maxTokens: 25, User("go"));
        Assert.Equal(100, (int?)beyond["usage"]!["output_tokens"]);
    }

    [Fact]
    public async Task Keeps_conversations_apart()
    {
        await using var model = await SimulatedModel.StartAsync(
            """
            conversations:
              - { name: helper, when: { system: "sub-agent" }, turns: [{ text: helper 1 }, { text: helper 2 }] }
            turns: [{ text: main 1 }, { text: main 2 }]
            """);

        var texts = new List<string?>();

        foreach (var system in (string[])["you", "a sub-agent", "you", "a sub-agent"])
        {
            var (_, answer) = await AskAsync(model, new JsonObject { ["model"] = "m", ["system"] = system, ["messages"] = new JsonArray(User("go")) });
            texts.Add((string?)answer["content"]![0]!["text"]);
        }

        Assert.Equal(["main 1", "helper 1", "main 2", "helper 2"], texts);
    }

    [Fact]
    public async Task Breaks_a_stream_where_the_script_says()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "never whole", Cut = new(Events: 3) });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{model.Address}/v1/messages")
        {
            Content = JsonContent.Create(new JsonObject { ["stream"] = true, ["messages"] = new JsonArray(User("go")) }),
        };
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        var events = new List<string>();

        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await reader.ReadLineAsync(Cancel) is { } line)
            {
                events.AddRange(line.StartsWith("event: ", StringComparison.Ordinal) ? [line["event: ".Length..]] : []);
            }
        });
        Assert.Equal(["message_start", "ping", "content_block_start"], events);
    }

    [Theory]
    [InlineData("model: claude-opus-5-5\nturns: [{ text: hi }]", "simulated")]
    [InlineData("turns: [{ txet: hi }]", "txet")]
    [InlineData("turns: []", "at least one turn")]
    [InlineData("turns: [{ text: hi, delay: soon }]", "soon")]
    public void Refuses_a_script_that_does_not_mean_what_it_says(string script, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => ScriptReader.Parse(script)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("v1/responses", """{"stream":true,"input":"go"}""", "\"type\":\"response.completed\"")]
    [InlineData("v1/chat/completions", """{"stream":true,"messages":[{"role":"user","content":"go"}]}""", "data: [DONE]")]
    [InlineData("v1beta/models/m:streamGenerateContent?alt=sse", """{"contents":[{"role":"user","parts":[{"text":"go"}]}]}""", "\"finishReason\":\"STOP\"")]
    [InlineData("v1/messages", """{"stream":true,"messages":[{"role":"user","content":"go"}]}""", "event: message_stop")]
    public async Task Plays_the_same_script_on_every_wire(string path, string body, string end)
    {
        await using var model = await SimulatedModel.StartAsync(
            new Turn { Require = [new() { Prompt = "go" }], Text = "Grüße, 世界", Chunk = 1, Calls = [new("Bash", new JsonObject { ["command"] = "ls" })] });
        using var content = new StringContent(body);
        using var response = await Http.PostAsync(new Uri($"{model.Address}/{path}"), content, Cancel);
        var stream = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("界", stream, StringComparison.Ordinal);
        Assert.Contains("Bash", stream, StringComparison.Ordinal);
        Assert.Contains(end, stream, StringComparison.Ordinal);
        Assert.Contains("simulated", stream, StringComparison.Ordinal);
    }

    private static JsonObject User(string text) => new() { ["role"] = "user", ["content"] = text };

    private static JsonObject Called(string tool, string id = "t1") => new()
    {
        ["role"] = "assistant",
        ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_use", ["id"] = id, ["name"] = tool, ["input"] = new JsonObject() }),
    };

    private static JsonObject Returned(string text, string id = "t1") => new()
    {
        ["role"] = "user",
        ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = id, ["content"] = text }),
    };

    private static Task<(HttpStatusCode, JsonNode)> AskAsync(SimulatedModel model, params JsonNode[] messages) => AskAsync(model, 32_000, messages);

    private static Task<(HttpStatusCode, JsonNode)> AskAsync(SimulatedModel model, int maxTokens, params JsonNode[] messages) =>
        AskAsync(model, new JsonObject { ["model"] = "simulated-model", ["max_tokens"] = maxTokens, ["messages"] = new JsonArray(messages) });

    private static async Task<(HttpStatusCode, JsonNode)> AskAsync(SimulatedModel model, JsonObject body)
    {
        using var response = await Http.PostAsJsonAsync($"{model.Address}/v1/messages", body, Cancel);

        return (response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>(Cancel))!);
    }
}
