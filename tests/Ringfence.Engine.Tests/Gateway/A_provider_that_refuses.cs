using Ringfence.Gateway;
using Ringfence.Model;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>A run that its provider refuses for good ends with the provider's words, instead of asking until its time or its money is gone.</summary>
public sealed class A_provider_that_refuses
{
    private const string Tools = ""","tools":[{"name":"Bash","input_schema":{}}]""";

    [Fact]
    public async Task The_key_ends_the_run_at_the_third_time()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Status = 401, Error = "authentication_error: invalid x-api-key", Times = 9 });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        Assert.Equal([401, 401, 401, 403], await AskAsync(agent, 4));

        var ending = agent.Lease.Ending!;
        Assert.Equal(LeaseEndingReason.KeyRefused, ending.Reason);
        Assert.Contains("invalid x-api-key", ending.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, model.Requests.Count);
    }

    [Fact]
    public async Task Call_after_call_ends_the_run_at_the_tenth()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Status = 400, Error = "invalid_request_error: prompt is too long", Times = 99 });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        await AskAsync(agent, 9);
        Assert.Null(agent.Lease.Ending);
        await AskAsync(agent, 1);

        Assert.Equal(LeaseEndingReason.Refused, agent.Lease.Ending!.Reason);
        Assert.Contains("refused 10 calls in a row", agent.Lease.Ending.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("prompt is too long", agent.Lease.Ending.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_now_and_then_or_for_being_busy_does_not_end_it()
    {
        await using var model = await SimulatedModel.StartAsync(
            new Turn { Status = 400, Times = 9 }, new Turn { Text = "ok" }, new Turn { Status = 400, Times = 9 }, new Turn { Status = 429, Times = 20 }, new Turn { Status = 529, Times = 20 });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        await AskAsync(agent, 59);

        Assert.Null(agent.Lease.Ending);
        Assert.Contains("529", agent.Lease.Trouble!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_forgotten_with_the_next_whole_answer()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Status = 500 }, new Turn { Text = "ok" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        await AskAsync(agent, 1);
        Assert.NotNull(agent.Lease.Trouble);
        await AskAsync(agent, 1);

        Assert.Null(agent.Lease.Trouble);
    }

    [Fact]
    public async Task What_is_asked_after_the_agents_last_word_says_nothing_of_its_answer()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "ok" }, new Turn { Status = 400, Error = "invalid_request_error: no" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open();

        await AskAsync(agent, 1);
        agent.Lease.EndOfAnswer();
        Assert.Equal([400], await AskAsync(agent, 1));

        Assert.Null(agent.Lease.Trouble);
    }

    [Fact]
    public async Task After_breaking_off_so_often_that_the_money_is_set_aside_is_what_the_budgets_end_tells()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Fault = Fault.Html, Times = 99 });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = gateway.Open(0.05m);

        await AskAsync(agent, 6);

        Assert.Equal(LeaseEndingReason.MaxCost, agent.Lease.Ending!.Reason);
        Assert.Contains("set aside for calls that broke off", agent.Lease.Ending.Failure.Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<int>> AskAsync(Agent agent, int times)
    {
        var answers = new List<int>();

        for (var i = 0; i < times; i++)
        {
            using var response = await agent.MessageAsync(more: Tools);
            answers.Add((int)response.StatusCode);
        }

        return answers;
    }
}
