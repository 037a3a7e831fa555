using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>What a run did can be asked, followed, proved and traced back from a line, by the commands that people have.</summary>
public sealed class The_record_of_a_run
{
    [Fact(Timeout = Patience)]
    public async Task Answers_whoever_asks_what_happened()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        var run = await ringfence.CliAsync("run", "-p", "Write a greeting", "--model", "simulated-model", "--done", "grep -q hello greeting.txt");
        Assert.True(run.ExitCode == 0, run.ToString());
        var id = (string)(await ringfence.OnlyRunAsync())["id"]!;

        var file = JsonNode.Parse(Assert.Single((await SucceedsAsync(ringfence, "audit", "files", "--path", "greeting.txt", "--json")).Lines))!;
        Assert.Equal(id, (string)file["run"]!);
        Assert.Equal("added", (string)file["operation"]!);

        Assert.Equal("path", (await SucceedsAsync(ringfence, "audit", "files", "--csv")).Lines[0].Split(',')[4]);
        Assert.Contains(id, (await SucceedsAsync(ringfence, "audit", "runs", "--program", "grep")).Output, StringComparison.Ordinal);
        Assert.Contains("run:" + id, (await SucceedsAsync(ringfence, "audit", "ledger", "--scope", "run:" + id)).Output, StringComparison.Ordinal);
        Assert.Empty((await SucceedsAsync(ringfence, "audit", "ledger", "--over")).Output);

        var shown = await SucceedsAsync(ringfence, "show", id);
        Assert.Contains("Turns", shown.Output, StringComparison.Ordinal);
        Assert.Contains("greeting.txt", shown.Output, StringComparison.Ordinal);
        Assert.Contains("Model call", (await SucceedsAsync(ringfence, "show", id, "--turn", "1")).Output, StringComparison.Ordinal);
        Assert.All((await SucceedsAsync(ringfence, "show", id, "--turn", "1", "--json")).Lines, line => Assert.Equal(id, (string)JsonNode.Parse(line)!["run"]!));

        var none = await ringfence.CliAsync("show", id, "--turn", "99");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("no_such_turn", none.Error, StringComparison.Ordinal);

        var note = await ringfence.GitAsync("notes", "--ref=ai", "show", "ringfence/" + id);
        var trace = await ringfence.GitAsync("notes", "--ref=agent-trace", "show", "ringfence/" + id);
        Assert.Contains($"\"ringfence:run:{id}\"", trace, StringComparison.Ordinal);
        Assert.StartsWith("greeting.txt\n  ", note, StringComparison.Ordinal);
        Assert.Equal("ringfence-agent", (string)JsonNode.Parse(note[note.IndexOf("---", StringComparison.Ordinal)..].TrimStart('-'))!["prompts"]!.AsObject().First().Value!["agent_id"]!["tool"]!);

        await ringfence.GitAsync("merge", "-q", "ringfence/" + id);
        var blamed = JsonNode.Parse(Assert.Single((await SucceedsAsync(ringfence, "blame", "greeting.txt:1", "--json")).Lines))!;
        Assert.Equal(id, (string)blamed["runs"]![0]!["run"]!["value"]!);

        await SucceedsAsync(ringfence, "audit", "digest", "--ref", ".");
        Assert.Contains("\"runs\":1", await ringfence.GitAsync("show", "refs/ringfence/digests:digests.jsonl"), StringComparison.Ordinal);
        Assert.Contains("intact", (await SucceedsAsync(ringfence, "audit", "verify")).Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory(Timeout = Patience)]
    [InlineData("bad_time", "audit", "files", "--since", "yesterday")]
    [InlineData("bad_time", "audit", "digest", "--every", "0s")]
    [InlineData("bad_arguments", "audit", "digest", "--push", "origin")]
    [InlineData("bad_arguments", "audit", "commands", "--limit", "0")]
    [InlineData("sql_failed", "audit", "sql", "delete from events")]
    [InlineData("unknown_run", "audit", "files", "--run", "0000")]
    public async Task Refuses_a_question_that_it_cannot_take(string code, params string[] arguments)
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);

        var refused = await ringfence.CliAsync(arguments);

        Assert.Equal(2, refused.ExitCode);
        Assert.Empty(refused.Output);
        Assert.Contains($"[{code}]", refused.Error, StringComparison.Ordinal);
    }

    private static async Task<CliResult> SucceedsAsync(RunningRingfence ringfence, params string[] arguments)
    {
        var result = await ringfence.CliAsync(arguments);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result}");
        return result;
    }
}
