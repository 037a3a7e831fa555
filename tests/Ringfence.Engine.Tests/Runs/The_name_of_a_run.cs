using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Runs;

public sealed class The_name_of_a_run_in_SQLite() : The_name_of_a_run(null);

public sealed class The_name_of_a_run_in_PostgreSQL(PostgresCluster postgres) : The_name_of_a_run(postgres);

/// <summary>How people name a run: as little of its id as is enough, or <c>last</c>.</summary>
public abstract class The_name_of_a_run(PostgresCluster? postgres) : StoreTest(postgres)
{
    [Fact]
    public async Task Is_its_id_or_a_beginning_that_no_other_has()
    {
        var (store, runs) = await TwoRunsAsync();
        var differ = Enumerable.Range(0, 16).First(i => runs[0].Id.Value[i] != runs[1].Id.Value[i]);

        Assert.Equal(runs[0].Id, (await store.FindAsync(runs[0].Id.Value, Cancel)).Value.Id);
        Assert.Equal(runs[1].Id, (await store.FindAsync(runs[1].Id.Value[..(differ + 1)].ToUpperInvariant(), Cancel)).Value.Id);
    }

    [Fact]
    public async Task Is_refused_when_it_is_the_beginning_of_several_or_of_none()
    {
        var (store, _) = await TwoRunsAsync();

        Assert.Equal("ambiguous_run", Assert.Single((await store.FindAsync("0", Cancel)).Failures).Code);

        foreach (var name in new[] { "", "zzzz", "%", "lastly", "00000000000000000", "' or 1=1" })
        {
            Assert.Equal("unknown_run", Assert.Single((await store.FindAsync(name, Cancel)).Failures).Code);
        }
    }

    [Fact]
    public async Task Is_last_for_the_newest()
    {
        Assert.Equal("unknown_run", Assert.Single((await new RunStore(await OpenAsync(), TimeProvider.System).FindAsync("last", Cancel)).Failures).Code);

        var (store, runs) = await TwoRunsAsync();

        Assert.Equal(runs.Max(run => run.Id.Value), (await store.FindAsync("last", Cancel)).Value.Id.Value);
    }

    private async Task<(RunStore Store, Run[] Runs)> TwoRunsAsync()
    {
        var store = new RunStore(await OpenAsync(), TimeProvider.System);
        var request = new RunRequest { Prompt = "a", Repository = "/r", RequestedBy = "tester" };
        return (store, [await store.CreateAsync(request, Cancel), await store.CreateAsync(request, Cancel)]);
    }
}
