using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Sdk;

/// <summary>What <c>docs/compatibility.md</c> says about the control protocol, held against the SDK and against the program.</summary>
public sealed partial class Every_control_request
{
    private static readonly string[] NoRequests = ["success", "error", "control_request_progress", "mirror_error"];

    private static readonly IReadOnlyDictionary<string, string> Documented = File.ReadLines(Path.Combine(Node.Directory, "../../../docs/compatibility.md"))
        .SkipWhile(l => l != "## The control protocol").Skip(1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal))
        .Select(l => l.Split('|', StringSplitOptions.TrimEntries)).Where(c => c.Length > 3 && c[1].StartsWith('`'))
        .SelectMany(c => Name().Matches(c[1]).Select(m => (Name: m.Groups[1].Value, Here: c[2]))).ToDictionary(c => c.Name, c => c.Here, StringComparer.Ordinal);

    [Fact]
    public void Of_the_sdk_is_documented_and_none_besides()
    {
        Node.SkipWithoutPackages();
        var package = Path.Combine(Node.Directory, "node_modules/@anthropic-ai/claude-agent-sdk");
        var sent = Sent().Matches(File.ReadAllText(Path.Combine(package, "sdk.mjs"))).Select(m => m.Groups[1].Value);
        var declared = Declared().Matches(File.ReadAllText(Path.Combine(package, "sdk.d.ts"))).Select(m => m.Groups[1].Value);

        Assert.Equal(sent.Concat(declared).Except(NoRequests).Distinct().Order(StringComparer.Ordinal), Documented.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Is_answered_as_documented()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: hello }] }");
        var sent = Documented.Where(d => d.Value is "answered" or "refused").ToArray();
        using var process = Process.Start(agent.Prepare("dotnet", [AgentProcess.Executable, "--output-format=stream-json", "--verbose", "--input-format=stream-json"]))!;

        foreach (var (name, _) in sent)
        {
            process.StandardInput.WriteLine(new JsonObject { ["type"] = "control_request", ["request_id"] = name, ["request"] = new JsonObject { ["subtype"] = name } }.ToJsonString());
        }

        var answers = new Dictionary<string, JsonObject>(StringComparer.Ordinal);

        // Exactly one answer each, in whatever order: the input stays open until the last has come.
        while (answers.Count < sent.Length && await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (JsonNode.Parse(line)!.AsObject() is { } message && (string?)message["type"] == "control_response")
            {
                answers.Add((string)message["response"]!["request_id"]!, message["response"]!.AsObject());
            }
        }

        var rest = await AgentProcess.FinishAsync(process, "");

        Assert.Equal(0, rest.ExitCode);
        Assert.DoesNotContain(rest.Events, e => (string?)e["type"] == "control_response");
        Assert.Equal(sent.Where(s => s.Value == "refused").Select(s => s.Key), sent.Select(s => s.Key).Where(n => (string?)answers[n]["error_code"] == "unsupported_request"));
    }

    [Fact]
    public async Task Works_before_the_first_prompt()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ require: [{ model: simulated-other }], text: hello }] }");

        var run = await agent.RunAsync(
            """
            {"type":"control_request","request_id":"1","request":{"subtype":"set_model","model":"simulated-other"}}
            {"type":"control_request","request_id":"2","request":{"subtype":"mcp_status"}}
            {"type":"user","message":{"role":"user","content":"hi"}}

            """,
            ["--output-format=stream-json", "--verbose", "--input-format=stream-json"]);

        Assert.Equal("success", (string?)run.Result["subtype"]);
        Assert.Equal(2, run.OfType("control_response").Count());
    }

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Name();

    [GeneratedRegex("subtype:\"([a-z_]+)\"")]
    private static partial Regex Sent();

    [GeneratedRegex(@"declare type SDK(?:Control\w*|HookCallback)Request = \{\s+subtype: '([a-z_]+)'")]
    private static partial Regex Declared();
}
