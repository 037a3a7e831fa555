using System.Text.Json.Nodes;
using Ringfence.Agents;

namespace Ringfence.App.Commands;

/// <summary>
/// What the simulated model says to an agent under test. It asks for work by the agent's own tools and goes on only when a request shows the work's
/// result, so an agent that did nothing does not come to the end.
/// </summary>
internal static class AgentTestScript
{
    public const string Model = "simulated-model";
    public const string Work = "RINGFENCE-TEST-WORK";
    public const string Budget = "RINGFENCE-TEST-BUDGET";
    public const string Kill = "RINGFENCE-TEST-KILL";
    public const string DeniedHost = "denied.ringfence.example";
    public const string Secret = "what-only-the-file-knows";

    private const string Remembered = "WORD-OF-THE-FIRST-ATTEMPT";

    /// <summary>What the kill finds running: told apart from every other process of this machine.</summary>
    public static string NeverEnding(int tag) => $"tail -f input.txt --sleep-interval=3600.{tag:D6}";

    /// <param name="tag">Makes the command to be killed unique.</param>
    public static string For(AgentTools tools, int tag)
    {
        var asksTheOutside = $"cat input.txt; getent hosts {DeniedHost}; (exec 3<>/dev/tcp/{DeniedHost}/80) 2>/dev/null; true";

        return new JsonObject
        {
            ["model"] = Model,
            ["conversations"] = new JsonArray(
                // Titles and other side calls: they offer no tools.
                Conversation("side", new JsonObject { ["not"] = new JsonObject { ["tool"] = tools.Shell[0] } }, repeat: true, Text("A title")),
                Conversation(
                    "work", Body(Work), repeat: false,
                    Call(tools, asksTheOutside),
                    Require(Result(tools.Shell[0], Secret), Write(tools, "first.txt")),
                    Text(Remembered),
                    Require(Body(Remembered), Write(tools, "second.txt")),
                    Text("Both files are there.")),
                Conversation("budget", Body(Budget), repeat: true, Call(tools, "echo spend >> spent.txt", inputTokens: 40_000)),
                Conversation("kill", Body(Kill), repeat: false, Call(tools, NeverEnding(tag)))),
            ["turns"] = new JsonArray(Text("The prompt is not one of the test's.")),
        }.ToJsonString();
    }

    private static JsonObject Conversation(string name, JsonObject when, bool repeat, params JsonNode[] turns) =>
        new() { ["name"] = name, ["when"] = when, ["repeat"] = repeat, ["turns"] = new JsonArray(turns) };

    private static JsonObject Text(string text) => new() { ["text"] = text };

    private static JsonObject Body(string text) => new() { ["body"] = text };

    private static JsonObject Result(string tool, string text) => new() { ["result"] = new JsonObject { ["tool"] = tool, ["contains"] = text } };

    private static JsonObject Require(JsonObject condition, JsonObject turn)
    {
        turn["require"] = new JsonArray(condition);
        return turn;
    }

    private static JsonObject Call(AgentTools tools, string command, int inputTokens = 1_000) => new()
    {
        ["calls"] = new JsonArray(new JsonObject { ["tool"] = tools.Shell[0], ["input"] = new JsonObject { [tools.Shell[1]] = command } }),
        ["usage"] = new JsonObject { ["input"] = inputTokens, ["output"] = 20 },
    };

    private static JsonObject Write(AgentTools tools, string file) => tools.Write is not [var tool, var path, var content]
        ? Call(tools, $"echo written > {file}")
        : new JsonObject
        {
            ["calls"] = new JsonArray(new JsonObject
            {
                ["tool"] = tool,
                ["input"] = new JsonObject { [path] = "/workspace/" + file, [content] = "written\n" },
            }),
        };
}
