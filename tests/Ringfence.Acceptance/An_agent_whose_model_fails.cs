using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>
/// What goes wrong at the model's provider ends a run for one reason, in words that help, whatever the agent makes of it: some retry for minutes, some give
/// up at once, some exit 0 as if they were done. The agents as their makers ship them, side by side; bench/agents/endings.py has every agent with every ending.
/// </summary>
public sealed class An_agent_whose_model_fails
{
    private static readonly Dictionary<string, (string Wire, string Tool, string Argument)> Agents = new()
    {
        ["claude-code"] = ("anthropic", "Bash", "command"),
        ["codex"] = ("openai-responses", "exec_command", "cmd"),
        ["gemini-cli"] = ("gemini", "run_shell_command", "command"),
        ["opencode"] = ("openai-chat", "bash", "command"),
        ["qwen-code"] = ("openai-chat", "run_shell_command", "command"),
    };

    /// <summary>They start quickly: what they wait for here is the model, and not the machine.</summary>
    private static readonly string[] Quick = ["claude-code", "codex"];

    [Fact(Timeout = Patience)]
    public Task Names_the_overload_when_its_time_is_up() => AllAsync(
        Quick, "status: 529, error: 'overloaded_error: Overloaded'", ["--timeout"], _ => "timeout", _ => "Its last model call failed: The provider answered 529");

    [Fact(Timeout = Patience)]
    public Task Has_gone_silent_when_the_answer_does() => AllAsync(
        Quick, "text: An answer that stops in the middle., fault: stall", ["--silence"], _ => "stalled", _ => "A model call was without a whole answer.");

    [Fact(Timeout = Patience)]
    public Task Is_no_fault_of_the_agents_when_the_key_is_refused() => AllAsync(
        Agents.Keys, "status: 401, error: 'authentication_error: invalid x-api-key'", [], _ => "environment", _ => "The provider refuses the gateway's key. The provider answered 401");

    [Fact(Timeout = Patience)]
    public Task Says_that_the_context_is_too_long_instead_of_asking_for_ever() => AllAsync(
        Agents.Keys, "status: 400, error: 'invalid_request_error: prompt is too long: 250000 tokens'", [], _ => "agent_error", _ => "rompt is too long");

    [Fact(Timeout = Patience)]
    public Task Fails_in_its_own_words_when_its_answers_are_cut() => AllAsync(
        ["codex", "gemini-cli", "qwen-code"], "text: An answer that is long enough to be cut., chunk: 4, pace: 30ms, cut: { events: 8 }", ["--max-cost", "10000"],
        _ => "agent_error", agent => agent is "codex" ? "stream disconnected before completion" : "terminated");

    [Fact(Timeout = Patience)]
    public Task Is_not_done_when_it_takes_half_an_answer_for_a_whole_one() => AllAsync(
        ["claude-code"], "text: An answer that breaks off., fault: error_event", [], _ => "agent_error", _ => "ended as if it were done after a model call that failed: The provider broke off");

    /// <summary>Each agent does one piece of work, which is kept; then its model does as it is told.</summary>
    private static async Task AllAsync(IEnumerable<string> agents, string turn, string[] options, Func<string, string> reason, Func<string, string> words)
    {
        foreach (var result in await Task.WhenAll(agents.Select(agent => RunAsync(agent, turn, options))))
        {
            var view = JsonNode.Parse(result.Run.Lines[^1])!;
            Assert.True((string?)view["reason"] == reason(result.Agent), $"{result.Agent}: {view}");
            Assert.Contains(words(result.Agent), (string?)view["message"], StringComparison.Ordinal);
            Assert.Contains("first.txt", view["files"]!.AsArray().Select(file => (string?)file!["path"]));
        }
    }

    private static async Task<(string Agent, CliResult Run)> RunAsync(string agent, string turn, string[] options)
    {
        if (options is not [var limit])
        {
            var (run, _) = await TryAsync(agent, turn, options);
            return (agent, run);
        }

        // A limit of time is to be reached after the work was done and the model has failed, however long the machine needs for that: a refusal is known to
        // have arrived when the agent asks again, a silence lasts.
        var (first, asked) = limit == "--silence" ? (TimeSpan.FromSeconds(8), 2) : (TimeSpan.FromSeconds(18), 3);
        var ended = await LongEnoughAsync(first, time => TryAsync(agent, turn, [limit, $"{time.TotalSeconds}s"]), tried => tried.Asked >= asked);
        return (agent, ended.Run);
    }

    /// <summary>How it ended, and how often the model was asked for its work.</summary>
    private static async Task<(CliResult Run, int Asked)> TryAsync(string agent, string turn, string[] options)
    {
        var (wire, tool, argument) = Agents[agent];
        await using var ringfence = await RunningRingfence.StartAsync(
            $$"""
            conversations:
              - { name: side, when: { not: { tool: {{tool}} } }, repeat: true, turns: [{ text: A title }] }
            turns:
              - calls: [{ tool: {{tool}}, input: { {{argument}}: "echo made > first.txt" } }]
              - { {{turn}}, times: 1000 }
            """);
        RealAgents.Place(ringfence, agent);
        await ringfence.CommitAsync(("a.txt", "a\n"));

        var run = await ringfence.CliAsync(
            ["run", "-p", "Do it", "--agent", agent, "--model", "simulated-model", "--json", "--upstream", $"{wire}={ringfence.ModelAddress}", .. options]);
        return (run, (int)(await ringfence.ModelAsync())["conversations"]!["main"]!);
    }
}
