using System.Diagnostics;
using System.Globalization;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Bench;

/// <summary>Fills a store through the real recorder, run by run, then asks every question and verifies everything.</summary>
internal static class RecordBenchmark
{
    public static async Task RunAsync(long events, string home, string? url, TimeProvider time)
    {
        var opening = Stopwatch.StartNew();
        await using var database = (await Database.OpenAsync(url, home, time, CancellationToken.None)).Value;
        Line("open and migrate", $"{opening.Elapsed.TotalMilliseconds:0.0} ms");

        var existing = await database.QuerySingleAsync("select count(*) from chains", row => row.GetInt64(0), CancellationToken.None);
        var wanted = events / GeneratedRun.Events;

        if (existing < wanted)
        {
            await FillAsync(database, existing, wanted, time);
        }

        await SizeAsync(database, home, url);
        await AskAsync(database);
        await VerifyAsync(database);
    }

    private static async Task FillAsync(Database database, long from, long to, TimeProvider time)
    {
        var runs = await QueueAsync(database, from, to, time);
        var filling = Stopwatch.StartNew();
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        long count = 0;

        await Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (number, token) =>
        {
            var run = runs[(int)(number - from)];
            await using var recorder = await Recorder.OpenAsync(database, run, time, token);

            foreach (var fact in GeneratedRun.Facts(number))
            {
                recorder.Append(fact);
            }

            await recorder.FlushAsync(token);
            var done = Interlocked.Add(ref count, recorder.Count);

            if (done / 500_000 != (done - recorder.Count) / 500_000)
            {
                Console.Error.WriteLine($"{done:N0} events, {done / filling.Elapsed.TotalSeconds:N0}/s");
            }
        });

        var seconds = filling.Elapsed.TotalSeconds;
        var processor = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
        Line(
            "ingest, durable",
            $"{count / seconds:N0} events/s, {count / processor:N0} per second of processor ({count:N0} events of {to - from:N0} runs, {seconds:0} s)");
    }

    // Taking a run in is another stage's work and is not measured here.
    private static async Task<IReadOnlyList<RunId>> QueueAsync(Database database, long from, long to, TimeProvider time)
    {
        var runs = new List<RunId>();

        await database.InTransactionAsync(
            async transaction =>
            {
                for (var number = from; number < to; number++)
                {
                    runs.Add(RunId.New(time));
                    await transaction.ExecuteAsync(
                        """
                        insert into runs (id, status, workflow, team, requested_by, agent, created_us, ended_us, cost_nano)
                        values (@run, 'completed', @workflow, @team, @by, 'claude', @now, @now, @cost)
                        """,
                        CancellationToken.None,
                        ("run", runs[^1]), ("workflow", GeneratedRun.Workflows[number % 8]), ("team", GeneratedRun.Teams[number % 5]),
                        ("by", GeneratedRun.People[number % 50]), ("now", time.GetUtcNow()), ("cost", number * 7919 % 5_000_000_000));
                }
            },
            CancellationToken.None);

        return runs;
    }

    private static async Task SizeAsync(Database database, string home, string? url)
    {
        var events = await database.QuerySingleAsync("select count(*) from events", row => row.GetInt64(0), CancellationToken.None);
        var bytes = url is null
            ? new FileInfo(Path.Combine(home, "ringfence.db")).Length
            : await database.QuerySingleAsync("select pg_database_size(current_database())", row => row.GetInt64(0), CancellationToken.None);
        Line("stored", $"{(double)bytes / events:0} bytes/event ({events:N0} events, {bytes / 1e6:N0} MB)");
    }

    private static async Task AskAsync(Database database)
    {
        var queries = new AuditQueries(database);
        var sums = new AuditSums(database);
        var last = await database.QuerySingleAsync("select max(id) from runs", row => row.GetString(0), CancellationToken.None);
        var limit = new AuditFilter { Limit = 100 };

        (string Name, Func<Task<AuditTable>> Ask)[] questions =
        [
            ("1 runs that changed a path", () => queries.FilesAsync(limit with { Term = "src/module42/file7.ts" }, default)),
            ("2 by which command", () => queries.FilesAsync(limit with { Run = last }, default)),
            ("3 who approved this diff", () => queries.ApprovalsAsync(limit with { Term = GeneratedRun.Digest(77) }, default)),
            ("4 timeline of a run", () => TimelineAsync(database, last!)),
            ("5 commit to run", () => queries.CommitsAsync(limit with { Term = GeneratedRun.Digest(77)[..40] }, default)),
            ("6 spend by team, all time", () => sums.SpendAsync(SpendBy.Team, limit, default)),
            ("6 spend by model, all time", () => sums.SpendAsync(SpendBy.Model, limit, default)),
            ("6 spend by day, all time", () => sums.SpendAsync(SpendBy.Day, limit, default)),
            ("7 dearest runs", () => sums.DearestAsync(limit, default)),
            ("8 denied connections by host", () => sums.DeniedHostsAsync(limit, default)),
            ("9 runs that reached a host", () => sums.RunsAsync(TermKinds.Host, limit with { Term = "packages.example.org" }, default)),
            ("10 runs that used a secret", () => sums.RunsAsync(TermKinds.Secret, limit with { Term = "TOKEN_7" }, default)),
            ("11 executions of a program", () => queries.CommandsAsync(limit with { Term = "curl" }, default)),
            ("11 words in command lines", () => queries.CommandsAsync(limit with { Text = "module4711 file" }, default)),
            ("12 failed commands by program", () => sums.FailedProgramsAsync(limit, default)),
            ("13 runs that lost context", () => queries.ContextAsync(limit, default)),
            ("14 findings of a gate", () => queries.GatesAsync(limit with { Term = "no-secrets" }, default)),
        ];

        foreach (var (name, ask) in questions)
        {
            var times = new List<double>();
            var rows = 0;

            for (var i = 0; i < 5; i++)
            {
                var asking = Stopwatch.StartNew();
                rows = (await ask()).Rows.Count;
                times.Add(asking.Elapsed.TotalMilliseconds);
            }

            Line(name, string.Create(CultureInfo.InvariantCulture, $"first {times[0]:0.0} ms, median {times.Order().ElementAt(2):0.0} ms ({rows} rows)"));
        }
    }

    private static async Task<AuditTable> TimelineAsync(Database database, string run)
    {
        var events = await new AuditReader(database).AllAsync(new RunId(run), CancellationToken.None);
        return new AuditTable([], [.. events.Select(_ => Array.Empty<object?>())]);
    }

    private static async Task VerifyAsync(Database database)
    {
        var verifying = Stopwatch.StartNew();
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        var report = await new AuditVerifier(database).VerifyAllAsync(CancellationToken.None);
        var processor = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
        Line(
            "verify all",
            $"{report.Events / verifying.Elapsed.TotalSeconds:N0} events/s, {report.Events / processor:N0} per second of processor ({report.Broken.Count} broken)");
    }

    private static void Line(string name, string value) => Console.WriteLine($"| {name} | {value} |");
}
