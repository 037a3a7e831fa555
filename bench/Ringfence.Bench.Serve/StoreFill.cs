using System.Globalization;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Bench;

/// <summary>A store with many ended runs, in the proportions of a busy team, through the store's own bulk path.</summary>
internal static class StoreFill
{
    private static readonly string[] Words = ["login", "parser", "invoice", "cache", "retry", "index", "layout", "export", "migration", "timeout"];
    private static readonly string[] Models = ["claude-opus-5-5", "claude-sonnet-5", "gpt-5", "gemini-2.5-pro"];

    private static readonly string[] Columns =
        ["id", "status", "repository", "agent", "model", "request", "request_digest", "requested_by", "created_us", "ended_us", "cost_nano", "turns"];

    private static readonly string[] WordColumns = ["run", "words"];

    public static async Task RunAsync(int runs, string? url, TimeProvider time)
    {
        var home = Environment.GetEnvironmentVariable("RINGFENCE_HOME") ?? throw new InvalidOperationException("Set RINGFENCE_HOME.");
        await using var database = (await Database.OpenAsync(url, home, time, CancellationToken.None)).Value;
        const int Batch = 20_000;

        for (var from = 0; from < runs; from += Batch)
        {
            var first = from;
            var ids = Enumerable.Range(first, Math.Min(Batch, runs - first)).Select(i => (Number: i, Id: $"{RunId.New(time).Value[..10]}{Chance(i)}")).ToList();
            await database.InTransactionAsync(
                async transaction =>
                {
                    await transaction.InsertAsync("runs", Columns, ids, (row, run) => Write(row, run.Number, run.Id, time), CancellationToken.None);
                    await transaction.InsertAsync("run_words", WordColumns, ids, WriteWords, CancellationToken.None);
                },
                CancellationToken.None);
        }

        await database.ExecuteAsync("analyze", CancellationToken.None);
        Console.WriteLine($"| runs in the store | {runs.ToString("N0", CultureInfo.InvariantCulture)} |");
    }

    /// <summary>As much chance as an id has makes a pair of equal ones in a million of the same second likely: the number, in the ids' own digits.</summary>
    private static string Chance(int i) => string.Concat(Enumerable.Range(0, 6).Select(digit => "0123456789abcdefghjkmnpqrstvwxyz"[(i >> (5 * (5 - digit))) & 31]));

    private static string Repository(int i) => $"https://git.example.com/team{i % 20}/app{i % 300}.git";

    private static string Prompt(int i) => $"Fix the {Words[i % Words.Length]} {Words[i / 10 % Words.Length]} problem of ticket {i}{(i == 4711 ? " zebra4711" : "")}{(i % 1000 == 7 ? " walrus" : "")}{(i < 20_000 ? " retired" : "")}";

    private static void WriteWords(RowWriter row, (int Number, string Id) run)
    {
        row.Text(run.Id);
        row.Text(SearchWords.Of(new RunRequest { Prompt = Prompt(run.Number), Repository = Repository(run.Number), RequestedBy = "key:ci" }));
    }

    private static void Write(RowWriter row, int i, string id, TimeProvider time)
    {
        var failed = i % 7 == 0;
        var repository = Repository(i);
        var model = Models[i % Models.Length];
        var prompt = Prompt(i);
        var json = "{\"prompt\":\"" + prompt + "\",\"repository\":\"" + repository + "\",\"agent\":\"ringfence-agent\",\"model\":\"" + model + "\",\"output\":\"branch\",\"limits\":{},\"environment\":{},\"done\":[],\"network\":{\"allow\":[]},\"requested_by\":\"key:ci\"}";
        var now = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

        foreach (var text in (string[])[id, failed ? "failed" : "completed", repository, "ringfence-agent", model, json, "", "key:ci"])
        {
            row.Text(text);
        }

        row.Integer(now);
        row.Integer(now);
        row.Integer(i * 7919L % 5_000_000_000);
        row.Integer(10);
    }
}
