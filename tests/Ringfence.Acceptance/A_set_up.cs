using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>Dependencies are installed once, behind the walls, and lie below the workspace of every run for which they would be the same.</summary>
public sealed class A_set_up
{
    private const string Script =
        """
        turns:
          - calls: [{ tool: Bash, input: { command: "cat node_modules/left/stamp >> used.txt; echo mine > node_modules/left/stamp; rm node_modules/right; cat ~/cached tracked.txt >> used.txt" } }]
          - require: [{ result: { tool: Bash, error: false } }]
            text: Used.
        repeat: true
        """;

    private const string Command =
        "mkdir -p node_modules/left; echo $RANDOM_WORD > node_modules/left/stamp; touch node_modules/right; echo home > ~/cached; echo changed | tee tracked*; echo new > new.txt; echo run >> /tmp/x";

    private const string Check = "test \"$(cat node_modules/left/stamp)\" = word && test -e node_modules/right && test -e ~/cached && test ! -e new.txt && grep -q original tracked.txt";

    [Fact(Timeout = Patience)]
    public async Task Is_made_once_and_found_by_agents_and_checks()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Script);
        await ringfence.CommitAsync(("package.json", "{}"), ("tracked.txt", "original\n"));

        var made = await RunAsync(ringfence, Command);
        ringfence.Write("tracked.txt", "original, later\n");
        await ringfence.GitAsync("commit", "-q", "-am", "a change of no lock file");
        var reused = await RunAsync(ringfence, Command);
        var untrusted = await RunAsync(ringfence, Command, "--no-repo-config");
        ringfence.Write("package.json", "{ }");
        await ringfence.GitAsync("commit", "-q", "-am", "another dependency");
        var remade = await RunAsync(ringfence, Command);

        Assert.Equal([false, true, false, false], new[] { made, reused, untrusted, remade }.Select(run => (bool)Layer(run)["reused"]!));
        Assert.Equal((string?)Layer(made)["layer"], (string?)Layer(reused)["layer"]);
        Assert.Equal(3, new[] { made, untrusted, remade }.Select(run => (string?)Layer(run)["layer"]).Distinct().Count());
        Assert.Equal(2, (int?)Layer(made)["left_out"]);
        Assert.Equal(["used.txt"], made[^1]["files"]!.AsArray().Select(file => (string?)file!["path"]));
        Assert.Equal("word\nhome\noriginal, later\n", await ringfence.GitAsync("show", $"{reused[^1]["published"]}:used.txt"));
        Assert.DoesNotContain(reused, happened => (string?)happened["data"]?["sandbox"] == "setup");

        var listed = JsonNode.Parse((await ringfence.CliAsync("setup", "list", "--json")).Output)!.AsArray();
        Assert.Equal(3, listed.Count);
        Assert.Contains("3 layers removed", (await ringfence.CliAsync("setup", "clear")).Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(ringfence.Home, "setups")));
    }

    [Fact(Timeout = Patience)]
    public async Task Has_a_network_of_its_own()
    {
        await using var ringfence = await RunningRingfence.StartAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "getent hosts for-run.example for-setup.example > answer.txt" } }]
              - require: [{ result: { tool: Bash, error: false } }]
                text: Asked.
            """);
        await ringfence.CommitAsync(("README.md", "# A project\n"));

        var run = await ringfence.CliAsync(
            "run", "-p", "Ask", "--model", "simulated-model", "--allow", "for-run.example", "--json",
            "--setup", "getent hosts for-setup.example for-run.example", "--setup-allow", "for-setup.example");

        Assert.True(run.ExitCode == 0, run.ToString());
        var refused = run.Lines.Select(line => JsonNode.Parse(line)!).Where(happened => (string?)happened["type"] == "net.connection" && !(bool)happened["data"]!["allowed"]!);
        Assert.Equal(
            ["for-run.example in setup", "for-setup.example in agent-1"],
            refused.Select(happened => $"{happened["data"]!["host"]} in {happened["data"]!["sandbox"]}").Distinct().Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Patience)]
    public async Task That_fails_starts_no_agent_and_is_tried_again()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        string[] arguments = ["run", "-p", "Go", "--model", "simulated-model", "--setup", "echo no such package; exit 3"];

        var first = await ringfence.CliAsync(arguments);
        var second = await ringfence.CliAsync(arguments);
        var bad = await ringfence.CliAsync("run", "-p", "Go", "--setup-allow", "example.com", "--model", "simulated-model");

        Assert.Equal([11, 11, 2], new[] { first, second, bad }.Select(run => run.ExitCode));
        Assert.All([first, second], run => Assert.Contains("exit code 3. no such package [setup_failed]", run.Error, StringComparison.Ordinal));
        Assert.Contains("[bad_setup]", bad.Error, StringComparison.Ordinal);
        Assert.Equal(0, (int?)(await ringfence.ModelAsync())["requests"]);
    }

    private static JsonNode Layer(List<JsonNode> events) => events.Single(happened => (string?)happened["type"] == "setup.prepared")["data"]!;

    private static async Task<List<JsonNode>> RunAsync(RunningRingfence ringfence, string setup, params string[] more)
    {
        var run = await ringfence.CliAsync(
            ["run", "-p", "Use it", "--model", "simulated-model", "--json", "--env", "RANDOM_WORD=word", "--setup", setup, "--done", Check, .. more]);
        Assert.True(run.ExitCode == 0, run.ToString());

        return [.. run.Lines.Select(line => JsonNode.Parse(line)!)];
    }
}
