using System.Globalization;
using System.Text;
using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Secrets;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_recorder_in_SQLite() : A_recorder(null);

public sealed class A_recorder_in_PostgreSQL(PostgresCluster postgres) : A_recorder(postgres);

public abstract class A_recorder(PostgresCluster? postgres) : StoreTest(postgres)
{
    private readonly RunId run = RunId.New(TimeProvider.System);

    [Fact]
    public async Task Gives_dense_numbers_to_many_threads_and_its_chain_verifies()
    {
        var database = await OpenAsync();

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            var numbers = await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(
                () => Enumerable.Range(0, 500).Select(i => recorder.Append(new RunAdmitted($"{thread}.{i}"))).ToList())));

            Assert.Equal(Enumerable.Range(0, 4000).Select(i => (long)i), numbers.SelectMany(n => n).Order());
        }

        var report = await new AuditVerifier(database).VerifyAsync(run, Cancel);
        Assert.Empty(report.Problems);
        Assert.Equal(4000, report.Events);
    }

    [Fact]
    public async Task Goes_on_with_the_chain_after_it_was_opened_again()
    {
        var database = await OpenAsync();
        string digest;

        await using (var first = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            first.Append(new RunAdmitted("a"));
            digest = first.Keep("content"u8);
        }

        await using (var second = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            Assert.Equal(1, second.Append(new RunAdmitted("b")));
            Assert.Equal(digest, second.Keep("content"u8));
            Assert.Equal(2, second.Append(new RunEnded("completed", null, null, null, 0, 0, 0, new Dictionary<string, long>())));
        }

        var events = await new AuditReader(database).AllAsync(run, Cancel);
        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
        Assert.Equal(2, ((RunEnded)events[2].Fact!).EventCounts["run.admitted"]);
        Assert.True(events[1].MonoMicroseconds >= events[0].MonoMicroseconds);
    }

    [Fact]
    public async Task Has_written_what_was_flushed_before_the_flush_returns()
    {
        var database = await OpenAsync();
        var other = await OpenAsync();
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);

        for (var i = 0; i < 20; i++)
        {
            recorder.Append(new RunAdmitted("a"));
            await recorder.FlushAsync(Cancel);
            Assert.Equal(i + 1, (await new AuditReader(other).AllAsync(run, Cancel)).Count);
        }
    }

    [Fact]
    public async Task Keeps_content_encrypted_and_gives_it_back()
    {
        var database = await OpenAsync();
        var content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the secret plan ", 1000)));
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);

        var digest = recorder.Keep(content);
        await recorder.FlushAsync(Cancel);

        var stored = await database.QuerySingleAsync("select content from blobs", r => r.GetFieldValue<byte[]>(0), Cancel);
        Assert.True(stored!.Length < 1000);
        Assert.Equal(-1, stored.AsSpan().IndexOf("secret"u8));
        Assert.Equal(content, await new AuditReader(database).ContentAsync(run, digest, Cancel));
        Assert.Null(await new AuditReader(database).ContentAsync(run, new string('0', 64), Cancel));
    }

    [Fact]
    public async Task Writes_no_secret_that_it_was_told_to_redact()
    {
        var database = await OpenAsync();
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        recorder.Redactor = new SecretRedactor([new SecretValue("PASSWORD", "hunter2-hunter2", "12345678")]);
        var digest = recorder.Keep("it is hunter2-hunter2"u8);

        recorder.Append(new CommandStarted("s", 1, 1, 0, "/bin/curl", "d", ["curl", "-u", "me:hunter2-hunter2"], false, "d", "/"));
        await recorder.FlushAsync(Cancel);

        var body = await database.QuerySingleAsync("select body from events", r => r.GetString(0), Cancel);
        Assert.Contains("me:<secret:PASSWORD:12345678>", body, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", body, StringComparison.Ordinal);
        Assert.Equal("it is <secret:PASSWORD:12345678>"u8.ToArray(), await new AuditReader(database).ContentAsync(run, digest, Cancel));
    }

    [Fact]
    public async Task Stops_when_another_one_writes_the_same_chain()
    {
        var database = await OpenAsync();
        await using var first = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        await using var second = await Recorder.OpenAsync(await OpenAsync(), run, TimeProvider.System, Cancel);

        first.Append(new RunAdmitted("a"));
        await first.FlushAsync(Cancel);
        second.Append(new RunAdmitted("b"));

        await Assert.ThrowsAsync<RecordUnavailableException>(async () => await second.FlushAsync(Cancel));
        Assert.Throws<RecordUnavailableException>(() => second.Append(new RunAdmitted("c")));
    }

    [Fact]
    public async Task Shows_what_happens_while_it_happens()
    {
        var database = await OpenAsync();
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);
        var seen = new List<string>();

        using (recorder.Subscribe(happened => seen.Add(happened.Type)))
        {
            recorder.Append(new RunAdmitted("a"));
            await recorder.CommitAsync(new RunStateChanged("queued", "preparing"), _ => Task.CompletedTask, Cancel);
        }

        recorder.Append(new RunAdmitted("too late"));
        Assert.Equal(["run.admitted", "run.state"], seen);
    }

    [Fact]
    public async Task Keeps_what_is_not_printable_exactly()
    {
        var database = await OpenAsync();
        var text = "\u001b[31mred\u202e\r\n\\x00 \u0001 é 😀 " + Printable.Escape([0xff, 0xfe, (byte)'a']);
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);

        recorder.Append(new RunAdmitted(text));
        await recorder.FlushAsync(Cancel);

        Assert.Equal(text, (await new AuditReader(database).FactsAsync<RunAdmitted>(run, Cancel))[0].By);
    }

    [Fact]
    public async Task Counts_on_when_the_clock_jumps_backwards()
    {
        var database = await OpenAsync();
        var clock = new JumpingClock();

        await using (var first = await Recorder.OpenAsync(database, run, clock, Cancel))
        {
            first.Append(new RunAdmitted("a"));
            clock.Now -= TimeSpan.FromDays(400);
            first.Append(new RunAdmitted("b"));
        }

        clock.Now -= TimeSpan.FromDays(400);

        await using (var second = await Recorder.OpenAsync(database, run, clock, Cancel))
        {
            second.Append(new RunAdmitted("c"));
        }

        var events = await new AuditReader(database).AllAsync(run, Cancel);
        Assert.True(events[0].MonoMicroseconds <= events[1].MonoMicroseconds && events[1].MonoMicroseconds <= events[2].MonoMicroseconds);
        Assert.True(events[1].At < events[0].At);
        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
    }

    [Fact]
    public async Task Takes_many_thousand_changed_files_at_once_and_finds_each_again()
    {
        // As many on PostgreSQL would take longer than it tells.
        var count = IsSqlite ? 100_000 : 10_000;
        var database = await OpenAsync();

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            for (var i = 0; i < count; i++)
            {
                recorder.Append(new FileChanged(string.Create(CultureInfo.InvariantCulture, $"generated/{i}.txt"), "added", null, "a", 33188, 1, 0, null, null));
            }
        }

        var last = string.Create(CultureInfo.InvariantCulture, $"generated/{count - 1}.txt");
        Assert.Equal((long)count - 1, Assert.Single((await new AuditQueries(database).FilesAsync(new() { Term = last }, Cancel)).Rows)[2]);
        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
    }

    [Fact]
    public async Task Keeps_the_beginning_of_content_that_is_too_large_and_how_much_there_was()
    {
        var database = await OpenAsync();
        var content = new byte[Recorder.MostBytesKept + 1000];

        await using (var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            recorder.Keep(content);
        }

        Assert.Equal(
            (content.LongLength, (long)Recorder.MostBytesKept),
            await database.QuerySingleAsync("select bytes, kept from blobs", row => (row.GetInt64(0), row.GetInt64(1)), Cancel));
    }

    [Fact]
    public async Task Goes_on_with_a_chain_in_which_a_newer_program_wrote()
    {
        var database = await OpenAsync();

        await using (var older = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            older.Append(new RunAdmitted("a"));
        }

        var body = $$"""{"at_us":2,"data":{"x":[1]},"mono_us":2,"new":true,"run":"{{run}}","seq":1,"trust":"guessed","type":"moon.landed","v":9}""";
        var hash = (await database.QuerySingleAsync("select hash from events", row => row.GetFieldValue<byte[]>(0), Cancel))!;
        EventHash.Compute(hash, Encoding.UTF8.GetBytes(body), hash);
        await database.ExecuteAsync(
            "insert into events (chain, seq, body, hash) select number, 1, @body, @hash from chains where run = @run", Cancel,
            ("body", body), ("hash", hash), ("run", run));

        await using (var again = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel))
        {
            Assert.Equal(2, again.Append(new RunAdmitted("b")));
        }

        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
        Assert.Equal(["run.admitted", "moon.landed", "run.admitted"], (await new AuditReader(database).AllAsync(run, Cancel)).Select(happened => happened.Type));
        Assert.Single(await new AuditReader(database).FactsAsync<RunAdmitted>(run, Cancel), fact => fact.By == "b");
    }

    private sealed class JumpingClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
