using Ringfence.Access;
using Ringfence.Approvals;
using Ringfence.Review;
using Ringfence.Runs;
using Ringfence.Tests.Storage;
using Xunit;

namespace Ringfence.Tests.Review;

public sealed class A_waiver_in_SQLite() : A_waiver(null);

public sealed class A_waiver_in_PostgreSQL(PostgresCluster postgres) : A_waiver(postgres);

/// <summary>A waiver is somebody's decision, for a while: not for their own runs, and not what a hand wrote into the table.</summary>
public abstract class A_waiver(PostgresCluster? postgres) : StoreTest(postgres)
{
    private static readonly RunRequest Asked = new() { Prompt = "p", Repository = "/srv/app", RequestedBy = "key:ada", TriggerAuthor = "key:eve" };

    [Fact]
    public async Task Counts_where_it_was_given_until_it_is_over_or_taken_back()
    {
        var waivers = new WaiverStore(await OpenAsync(), TimeProvider.System);
        var here = (await AddAsync(waivers, "key:bob", "/srv/app")).Value;
        await AddAsync(waivers, "key:bob", "/srv/other");

        Assert.Equal("size", Assert.Single(await waivers.InForceAsync(Asked, Cancel)).Gate);
        Assert.True(await waivers.RevokeAsync(here.Id, "key:sam", Cancel));
        Assert.False(await waivers.RevokeAsync(here.Id, "key:sam", Cancel));
        Assert.Empty(await waivers.InForceAsync(Asked, Cancel));
        Assert.Equal(2, (await waivers.ListAsync(Cancel)).Count);
    }

    [Theory]
    [InlineData("key:ada")]
    [InlineData("key:EVE")]
    public async Task Counts_in_no_run_of_whoever_gave_it(string by)
    {
        var waivers = new WaiverStore(await OpenAsync(), TimeProvider.System);
        await AddAsync(waivers, by, null);

        Assert.Empty(await waivers.InForceAsync(Asked, Cancel));
        Assert.Single(await waivers.InForceAsync(Asked with { RequestedBy = "key:cat", TriggerAuthor = null }, Cancel));
    }

    [Theory]
    [InlineData("update waivers set expires_us = expires_us + 1000000")]
    [InlineData("update waivers set place = '**'")]
    [InlineData("update waivers set repository = null")]
    [InlineData("update waivers set decided_by = 'key:sam'")]
    [InlineData("update waivers set gate = 'secret'")]
    public async Task Counts_for_nothing_when_a_hand_has_changed_its_row(string change)
    {
        var database = await OpenAsync();
        var waivers = new WaiverStore(database, TimeProvider.System);
        await AddAsync(waivers, "key:bob", "/srv/app");
        Assert.Single(await waivers.InForceAsync(Asked, Cancel));

        await database.ExecuteAsync(change, Cancel);

        Assert.Empty(await waivers.InForceAsync(Asked, Cancel));
        Assert.False(Assert.Single(await waivers.ListAsync(Cancel)).IsGenuine);
    }

    [Fact]
    public async Task Is_refused_with_everything_that_is_wrong_with_it()
    {
        var waivers = new WaiverStore(await OpenAsync(), TimeProvider.System);
        var now = TimeProvider.System.GetUtcNow();

        var refused = await waivers.AddAsync(new Waiver("Size!", "", "", " ", now.AddDays(400)), null, new Approver("key:bob", Role.Runner, "api_key", "cli"), Cancel);
        var integrity = await waivers.AddAsync(new Waiver("verification", ".", "", "x", now.AddDays(1)), null, new Approver("key:bob", Role.Admin, "api_key", "cli"), Cancel);

        Assert.Equal(["not_an_approver", "bad_waiver", "bad_waiver", "bad_waiver", "bad_waiver"], refused.Failures.Select(f => f.Code));
        Assert.Equal("bad_waiver", Assert.Single(integrity.Failures).Code);
    }

    private static Task<Result<KnownWaiver>> AddAsync(WaiverStore waivers, string by, string? repository) => waivers.AddAsync(
        new Waiver("size", ".", "", "a rename", TimeProvider.System.GetUtcNow().AddDays(7)), repository, new Approver(by, Role.Approver, "api_key", "cli"), Cancel);
}
