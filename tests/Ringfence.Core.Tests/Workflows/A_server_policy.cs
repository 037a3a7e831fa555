using Ringfence.Approvals;
using Ringfence.Egress;
using Ringfence.Runs;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Workflows;

/// <summary>What the installation says holds for every run, and only ever narrows it.</summary>
public sealed class A_server_policy
{
    private static readonly RunRequest Asked = new() { Prompt = "p", Repository = "r", RequestedBy = "ada", Workflow = "w" };

    private static readonly ServerPolicy Policy = new()
    {
        Groups = new Dictionary<string, IReadOnlyList<string>> { ["security"] = ["key:sam", "key:sue"] },
        Limits = new WorkflowLimits { Cost = Money.FromDollars(2), CostPerDay = Money.FromDollars(50), Turns = 30, Time = TimeSpan.FromMinutes(10), MemoryBytes = 1L << 30 },
        Network = ["*.internal.example"],
        Never = [".github/**"],
        Approve = [new ApprovalRule(ApprovalKind.Diff) { From = ["security"] }],
    };

    [Fact]
    public void Lowers_what_is_more_than_it_allows_and_leaves_what_is_less()
    {
        var lowered = Policy.Apply(Asked).Value;
        var kept = Policy.Apply(Asked with { Limits = new RunLimits { Cost = Money.FromDollars(1), Turns = 5, Time = TimeSpan.FromMinutes(1) } }).Value;

        Assert.Equal((Money.FromDollars(2), 30, TimeSpan.FromMinutes(10)), (lowered.Limits.Cost, lowered.Limits.Turns, lowered.Limits.Time));
        Assert.Equal((Money.FromDollars(1), 5, TimeSpan.FromMinutes(1)), (kept.Limits.Cost, kept.Limits.Turns, kept.Limits.Time));
        Assert.Equal(1L << 30, lowered.Sandbox.MemoryBytes);
        Assert.Equal(Money.FromDollars(50), lowered.WorkflowDay);
        Assert.Equal([".github/**"], lowered.Rules.Never);
    }

    [Fact]
    public void Adds_the_people_who_must_agree_by_name()
    {
        var rule = Assert.Single(Policy.Apply(Asked).Value.Approve);

        Assert.Equal(["key:sam", "key:sue"], rule.Members);
        Assert.Equal(["ann@host", "key:sam", "key:sue"], Policy.Apply(Asked with
        {
            Approve = [new ApprovalRule(ApprovalKind.Plan) { From = ["ann@host", "security"] }],
        }).Value.Approve[0].Members);
    }

    [Theory]
    [InlineData("db.internal.example", null)]
    [InlineData("*.internal.example", null)]
    [InlineData("!POST db.internal.example", null)]
    [InlineData("example.com", "widens_policy")]
    [InlineData("*.example", "widens_policy")]
    public void Lets_no_run_reach_more_hosts(string host, string? code) =>
        Assert.Equal(code, Policy.Apply(Asked with { Network = new NetworkPolicy([host]) }).Failures.SingleOrDefault()?.Code);

    [Fact]
    public void Knows_no_group_that_it_does_not_have() => Assert.Equal(
        ["no_slack", "unknown_group"],
        Policy.Apply(Asked with { Approve = [new ApprovalRule(ApprovalKind.Plan) { From = ["legal"] }], Slack = "#x" }).Failures.Select(f => f.Code).Order());
}
