using System.Net;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.Gateway;

public sealed class A_cassette : IDisposable
{
    private const string Nobody = "http://127.0.0.1:1";

    private readonly string path = Path.GetTempFileName();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Is_played_back_byte_for_byte_without_a_connection_or_a_cent(bool stream)
    {
        var recorded = await RecordAsync(stream, "one", "two");
        await using var gateway = await RunningGateway.StartAsync(Nobody);
        await using var agent = gateway.Open(mode: new CassetteMode.Replay(path));

        foreach (var (prompt, text) in new[] { "one", "two" }.Zip(recorded))
        {
            using var response = await agent.MessageAsync(prompt, stream: stream);
            Assert.Equal(text, await response.TextAsync());
        }

        Assert.Equal(Money.Zero, agent.Lease.Spent);
        Assert.Empty(agent.Of<BudgetReserved>());
    }

    [Fact]
    public async Task Matches_a_request_that_differs_only_in_what_is_declared_volatile()
    {
        var recorded = await RecordAsync(false, "session 6f1c1a0e-0c58-4d0b-9a53-1f2e3d4c5b6a of 2026-11-20");
        await using var gateway = await RunningGateway.StartAsync(Nobody);
        await using var agent = gateway.Open(mode: new CassetteMode.Replay(path));

        using var response = await agent.MessageAsync("session 00000000-1111-2222-3333-444444444444 of 2027-01-01");

        Assert.Equal(recorded[0], await response.TextAsync());
    }

    [Fact]
    public async Task Misses_loudly_and_says_where_the_request_left_it()
    {
        await RecordAsync(false, "fix the bug", "add a test");
        await using var gateway = await RunningGateway.StartAsync(Nobody);
        await using var agent = gateway.Open(mode: new CassetteMode.Replay(path));

        using var response = await agent.MessageAsync("fix the bag");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        var text = await response.TextAsync();
        Assert.Contains("cassette_miss", text, StringComparison.Ordinal);
        Assert.Contains("exchange 1 of 2", text, StringComparison.Ordinal);
        Assert.Contains("ug", text, StringComparison.Ordinal);
        Assert.Equal("cassette_miss", Assert.Single(agent.Of<ModelFailed>()).Code);
    }

    [Fact]
    public async Task Forks_into_live_calls_after_as_many_exchanges_as_asked_for()
    {
        await RecordAsync(false, "one", "two");
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "Live.", Usage = new() { Input = 100, Output = 10 } });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(mode: new CassetteMode.Replay(path, LiveAfter: 1));

        using var first = await agent.MessageAsync("one");
        using var second = await agent.MessageAsync("another way");

        Assert.DoesNotContain("Live.", await first.TextAsync(), StringComparison.Ordinal);
        Assert.Contains("Live.", await second.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, model.Answers);
    }

    [Fact]
    public async Task Is_continued_by_a_run_that_had_been_interrupted_in_the_middle_of_a_line()
    {
        var before = await RecordAsync(false, "one");
        await File.AppendAllTextAsync(path, """{"version":1,"path":"/v1/mess""", TestContext.Current.CancellationToken);
        var after = await RecordAsync(false, "two");
        await using var gateway = await RunningGateway.StartAsync(Nobody);
        await using var agent = gateway.Open(mode: new CassetteMode.Replay(path));

        using var first = await agent.MessageAsync("one");
        using var second = await agent.MessageAsync("two");

        Assert.Equal(before[0], await first.TextAsync());
        Assert.Equal(after[0], await second.TextAsync());
        Assert.Equal([(1, "exact"), (2, "exact")], agent.Of<ModelReplayed>().Select(r => (r.Exchange, r.Match)));
    }

    public void Dispose() => File.Delete(path);

    private async Task<List<string>> RecordAsync(bool stream, params string[] prompts)
    {
        await using var model = await SimulatedModel.StartAsync([.. prompts.Select(p => new Turn { Text = $"Answer to {p}", Usage = new() { Input = 100, Output = 10 } })]);
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(mode: new CassetteMode.Record(path));
        var answers = new List<string>();

        foreach (var prompt in prompts)
        {
            using var response = await agent.MessageAsync(prompt, stream: stream);
            answers.Add(await response.TextAsync());
        }

        return answers;
    }
}
