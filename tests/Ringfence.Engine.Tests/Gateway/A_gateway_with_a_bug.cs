using System.Net;
using System.Text;
using Ringfence.Agents;
using Ringfence.Audit;
using Ringfence.Gateway;
using Ringfence.Model;
using Ringfence.Processes;
using Ringfence.Runs;
using Xunit;

namespace Ringfence.Tests.Gateway;

/// <summary>
/// When the gateway itself fails, agents stop: they are answered as at a cap, where a bare 500 has them ask again for minutes. Real agents, started on this
/// machine: no answer ever asks them to do anything.
/// </summary>
public sealed class A_gateway_with_a_bug
{
    [Fact(Timeout = Patience)]
    public async Task Answers_so_that_every_real_agent_ends()
    {
        var agents = (string[])["claude-code", "codex", "gemini-cli", "opencode", "qwen-code"];

        foreach (var (agent, end, requests) in await Task.WhenAll(agents.Select(EndAsync)))
        {
            Assert.True(end.Code != 0, $"{agent}: {end.Code} {end.Error}");
            Assert.InRange(requests, 1, 3);
        }
    }

    [Fact]
    public async Task Ends_the_run_and_says_that_it_was_the_gateway()
    {
        await using var model = await SimulatedModel.StartAsync(new Turn { Text = "no" });
        await using var gateway = await RunningGateway.StartAsync(model.Address);
        await using var agent = RunningGateway.Open(gateway.Gateway, Request(418), new BrokenRecorder());

        using var response = await agent.MessageAsync();

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("false", Assert.Single(response.Headers.GetValues("x-should-retry")));
        Assert.Contains("[gateway_broken]", await response.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(LeaseEndingReason.Broken, agent.Lease.Ending!.Reason);
    }

    private static LeaseRequest Request(int terminal) => new() { Run = RunId.New(TimeProvider.System), Limit = Money.FromDollars(5), TerminalStatus = terminal };

    private static async Task<(string Agent, ChildEnd End, int Requests)> EndAsync(string name)
    {
        var installed = RealAgent.Find(name, out var description);
        await using var gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        var recorder = new BrokenRecorder();
        await using var agent = RunningGateway.Open(gateway.Gateway, Request(description.TerminalStatus), recorder);
        var end = await RealAgent.RunAsync(description, installed, agent.Address, agent.Lease.Token, TestContext.Current.CancellationToken);
        return (name, end, recorder.Broken);
    }

    /// <summary>Stands for any bug: it comes up where a call is put on the record.</summary>
    private sealed class BrokenRecorder : ListRecorder
    {
        private int broken;

        public int Broken => Volatile.Read(ref broken);

        public override long Append(AuditFact fact) => fact is BudgetReserved && Interlocked.Increment(ref broken) > 0 ? throw new InvalidOperationException("a bug") : base.Append(fact);
    }
}
