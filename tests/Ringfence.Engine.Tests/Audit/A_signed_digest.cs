using Ringfence.Audit;
using Ringfence.Runs;
using Ringfence.Storage;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Audit;

public sealed class A_signed_digest_in_SQLite() : A_signed_digest(null);

public sealed class A_signed_digest_in_PostgreSQL(PostgresCluster postgres) : A_signed_digest(postgres);

public abstract class A_signed_digest(PostgresCluster? postgres) : StoreTest(postgres)
{
    private readonly RunId run = RunId.New(TimeProvider.System);

    private async Task<(Database Database, SignedDigest Digest)> SignedAsync()
    {
        var database = await OpenAsync();
        await AppendAsync(database, 5);
        using var key = (await DigestKey.OpenAsync(Home, Cancel)).Value;
        return (database, await new DigestSigner(database, key, TimeProvider.System).SignAsync(Cancel));
    }

    private async Task AppendAsync(Database database, int events)
    {
        await using var recorder = await Recorder.OpenAsync(database, run, TimeProvider.System, Cancel);

        for (var i = 0; i < events; i++)
        {
            recorder.Append(new RunAdmitted($"{i}"));
        }

        await recorder.FlushAsync(Cancel);
    }

    private static Task<IReadOnlyList<DigestProblem>> StoreAsync(Database database) => new DigestVerifier(database).VerifyStoreAsync(Cancel);

    private static Task<IReadOnlyList<DigestProblem>> CopyAsync(Database database, string copy, string? key = null) =>
        new DigestVerifier(database).VerifyCopyAsync([copy], key, Cancel);

    [Fact]
    public async Task Is_kept_on_a_ref_where_each_names_the_one_before_and_is_pushed_elsewhere()
    {
        var (database, first) = await SignedAsync();
        var (here, elsewhere) = (Path.Combine(Home, "here"), Path.Combine(Home, "elsewhere"));
        await GitAsync(Home, "init", "-q", here);
        await GitAsync(Home, "init", "-q", "--bare", elsewhere);
        var kept = new DigestRef(here, elsewhere);
        using var key = (await DigestKey.OpenAsync(Home, Cancel)).Value;

        var one = (await kept.AppendAsync(first, Cancel)).Value;
        var second = await new DigestSigner(database, key, TimeProvider.System).SignAsync(Cancel);
        var two = (await kept.AppendAsync(second, Cancel)).Value;

        Assert.Equal(one, await GitAsync(elsewhere, "rev-parse", DigestRef.Name + "^"));
        Assert.Equal(two, await GitAsync(elsewhere, "rev-parse", DigestRef.Name));
        var lines = (await GitAsync(elsewhere, "show", DigestRef.Name + ":digests.jsonl")).Split('\n');
        Assert.Equal([first.ToLine(), second.ToLine()], lines);
        Assert.Empty(await new DigestVerifier(database).VerifyCopyAsync(lines, key.PublicKey, Cancel));
    }

    private static async Task<string> GitAsync(string folder, params string[] arguments)
    {
        var answer = (await Ringfence.Workspaces.Git.UserIn(folder).RunAsync(arguments, Cancel)).Value;
        Assert.True(answer.IsSuccess, answer.Error);
        return answer.Text;
    }

    [Fact]
    public async Task Says_why_it_cannot_be_kept_on_a_ref() =>
        Assert.Equal("digest_ref", (await new DigestRef(Home, null).AppendAsync((await SignedAsync()).Digest, Cancel)).Failures[0].Code);

    [Fact]
    public async Task Holds_while_the_record_grows()
    {
        var (database, digest) = await SignedAsync();
        await AppendAsync(database, 3);

        Assert.Empty(await StoreAsync(database));
        Assert.Empty(await CopyAsync(database, digest.ToLine(), digest.Key));
        Assert.Empty((await new AuditVerifier(database).VerifyAllAsync(Cancel)).Broken);
    }

    [Fact]
    public async Task Names_a_run_whose_last_events_were_cut_off()
    {
        var (database, digest) = await SignedAsync();
        await database.ExecuteAsync("delete from events where seq >= 3 and chain = (select number from chains where run = @run)", Cancel, ("run", run));

        // The chain alone cannot know: this run has no end yet.
        Assert.Empty((await new AuditVerifier(database).VerifyAsync(run, Cancel)).Problems);
        Assert.Equal(run, Assert.Single(await StoreAsync(database)).Run);
        Assert.Equal(run, Assert.Single(await CopyAsync(database, digest.ToLine())).Run);
    }

    [Fact]
    public async Task Names_a_run_that_was_taken_away_whole_even_from_the_stores_own_digests_if_there_is_a_copy()
    {
        var (database, digest) = await SignedAsync();

        foreach (var table in new[] { "events", "chains", "digests", "digest_heads" })
        {
            await database.ExecuteAsync($"delete from {table}", Cancel);
        }

        Assert.Empty(await StoreAsync(database));
        Assert.Contains(await CopyAsync(database, digest.ToLine()), problem => problem.Run == run);
    }

    [Fact]
    public async Task Is_signed_on_a_schedule_although_nothing_happened_and_follows_the_one_before()
    {
        var (database, first) = await SignedAsync();
        using var key = (await DigestKey.OpenAsync(Home, Cancel)).Value;

        var second = await new DigestSigner(database, key, TimeProvider.System).SignAsync(Cancel);

        Assert.Equal(first.Key, second.Key);
        Assert.Equal(2, second.Statement.Number);
        Assert.DoesNotContain(second.Heads, head => head.Run == run);
        Assert.Empty(await StoreAsync(database));

        await database.ExecuteAsync("delete from digests where number = 1", Cancel);
        Assert.Contains(await StoreAsync(database), problem => problem.Run is null);
    }

    [Theory]
    [InlineData("\"events\":5", "\"events\":4")]
    [InlineData("\"number\":1", "\"number\":2")]
    [InlineData("\"at_microseconds\":1", "\"at_microseconds\":2")]
    [InlineData("\"signature\":\"", "\"signature\":\"!")]
    [InlineData("{", "[")]
    public async Task Is_worth_nothing_once_altered(string before, string after)
    {
        var (database, digest) = await SignedAsync();
        var line = digest.ToLine();
        var at = line.IndexOf(before, StringComparison.Ordinal);

        Assert.Single(await CopyAsync(database, string.Concat(line.AsSpan(0, at), after, line.AsSpan(at + before.Length))));
    }

    [Fact]
    public async Task Is_worth_nothing_when_another_key_signed_it()
    {
        var (database, digest) = await SignedAsync();
        using var other = (await DigestKey.OpenAsync(Path.Combine(Home, "other"), Cancel)).Value;

        Assert.Single(await CopyAsync(database, digest.ToLine(), other.PublicKey));
    }
}
