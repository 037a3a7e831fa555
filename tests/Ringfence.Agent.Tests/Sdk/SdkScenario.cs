using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Sdk;

/// <summary>One scenario of <c>sdk.mjs</c>, which drives the program by the official Agent SDK and prints what happened.</summary>
internal static class SdkScenario
{
    public static JsonNode Value(IEnumerable<JsonObject> happened, string what) => happened.First(h => (string?)h["what"] == what)["value"]!;

    public static JsonObject Result(IReadOnlyList<JsonObject> happened) => happened.Single(h => (string?)h["what"] == "result")["value"]!.AsObject();

    public static IEnumerable<string?> Strings(IEnumerable<JsonObject> happened, string what) =>
        happened.Where(h => (string?)h["what"] == what).Select(h => (string?)h["value"]);

    public static async Task<IReadOnlyList<JsonObject>> RunAsync(string scenario, string script, Action<AgentProcess>? before = null, Action<AgentProcess>? after = null)
    {
        Node.SkipWithoutPackages();
        await using var agent = await AgentProcess.WithModelAsync(script);
        before?.Invoke(agent);

        using var process = Process.Start(agent.Prepare("node", [Path.Combine(Node.Directory, "sdk.mjs"), Node.ExecutableFor(agent), scenario]))!;
        var run = await AgentProcess.FinishAsync(process, "");
        Assert.True(run.Events is [.., var last] && ((string?)last["value"] == "ok" || scenario == "failure"), run.Output + run.Error);
        Assert.Empty(agent.Model.Mismatches);
        after?.Invoke(agent);
        return run.Events;
    }
}
