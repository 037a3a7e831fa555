using System.Diagnostics;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Scripted;

/// <summary>Whatever comes from outside, the run ends with what happened, and the model is told what is so.</summary>
public sealed class Bad_input
{
    private static readonly string[] Json = ["--output-format", "json"];

    [Fact]
    public async Task From_a_model_that_refuses_ends_the_turn_with_what_it_said()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: I cannot help with that., stop: refusal }] }");

        var run = await agent.RunAsync(["-p", "go", .. Json]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(("I cannot help with that.", "refusal"), ((string?)run.Result["result"], (string?)run.Result["stop_reason"]));
    }

    [Fact]
    public async Task From_a_model_that_says_nothing_is_an_empty_answer()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: '' }] }");

        var run = await agent.RunAsync(["-p", "go", .. Json]);

        Assert.Equal((0, "success", ""), (run.ExitCode, (string?)run.Result["subtype"], (string?)run.Result["result"]));
    }

    [Fact]
    public async Task Of_files_that_are_huge_binary_or_no_files_is_told_as_what_it_is()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls:
                  - { tool: Read, input: { file_path: long.txt } }
                  - { tool: Read, input: { file_path: program } }
                  - { tool: Read, input: { file_path: loop } }
                  - { tool: Read, input: { file_path: folder } }
              - require:
                  - result: { tool: Read, contains: "long line", error: false }
                  - result: { tool: Read, contains: binary, error: true }
                  - result: { tool: Read, contains: loop, error: true }
                  - result: { tool: Read, contains: directory, error: true }
                text: seen
            """);
        agent.Write("long.txt", string.Concat(Enumerable.Repeat("a long line of a long file\n", 400_000)));
        agent.Write("folder/a.txt", "a");
        await File.WriteAllBytesAsync(Path.Combine(agent.Workspace, "program"), [0x7F, 0x45, 0x4C, 0x46, 0, 0, 0, 1], TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(agent.Workspace, "loop"), Path.Combine(agent.Workspace, "loop"));

        var run = await agent.RunAsync("-p", "go");

        Assert.Equal("seen\n", run.Output);
    }

    [Fact]
    public async Task Of_a_stream_that_breaks_costs_all_that_was_set_aside_when_there_is_a_budget()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ times: 5, text: 'a rather long answer that never ends', cut: { events: 3 } }] }");

        var run = await agent.RunAsync(["-p", "go", "--max-budget-usd", "0.40", .. Json]);

        // Nobody knows what it used. All that was left had been set aside for it, so that another try could not be paid.
        Assert.Equal((1, "error_max_budget_usd"), (run.ExitCode, (string?)run.Result["subtype"]));
        Assert.InRange((decimal)run.Result["total_cost_usd"]!, 0.39m, 0.40m);
        Assert.Equal(1, agent.Model.Requests.Count(r => r.Turn >= 0));
    }

    [Fact]
    public async Task Of_a_stream_that_breaks_is_tried_again_while_the_budget_lasts()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: 'cut', cut: { events: 3 } }, { text: whole, usage: { input: 1000, output: 100 } }] }");

        var run = await agent.RunAsync(["-p", "go", "--max-budget-usd", "20", .. Json]);

        Assert.Equal((0, "whole"), (run.ExitCode, (string?)run.Result["result"]));
        Assert.InRange((decimal)run.Result["total_cost_usd"]!, 0.5m, 10m); // the broken one in full, and the other for what it was
    }

    [Fact]
    public async Task Of_a_program_that_goes_away_in_the_middle_ends_the_agent()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ calls: [{ tool: Bash, input: { command: pwd } }] }, { text: done }] }");
        using var process = Process.Start(agent.Prepare("dotnet", [AgentProcess.Executable, "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--permission-prompt-tool", "stdio"]))!;

        // Half a line, and the one on whom a permission would depend is gone.
        var run = await AgentProcess.FinishAsync(process, """{"type":"user","message":{"role":"user","content":"go"}}""" + "\n" + """{"type":"user","mess""");

        Assert.Contains(run.Events, e => (string?)e["type"] == "result");
    }

    [Fact]
    public async Task Of_a_line_that_is_no_JSON_is_said_and_stops_nothing_that_was_asked_for()
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: done }] }");

        var run = await agent.RunAsync(
            """{"type":"user","message":{"role":"user","content":"go"}}""" + "\nthis is no JSON\n",
            ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);

        Assert.Contains("Error parsing streaming input line: this is no JSON", run.Error, StringComparison.Ordinal);
        Assert.Equal("done", (string?)run.Result["result"]);
    }
}
