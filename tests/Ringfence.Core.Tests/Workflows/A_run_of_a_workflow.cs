using Ringfence.Budgets;
using Ringfence.Egress;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Runs;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Workflows;

public sealed class A_run_of_a_workflow
{
    private static readonly Workflow Workflow = new()
    {
        Name = "tidy",
        Prompt = "Tidy up.",
        Limits = new WorkflowLimits { Cost = Money.FromDollars(2), Turns = 20 },
        Network = ["docs.example.com"],
        Constraints = new WorkflowConstraints { Write = ["src/**"], Tests = "keep" },
        Done = ["make test"],
    };

    private static readonly RunRequest Asked = new() { Prompt = "", Repository = ".", RequestedBy = "somebody" };

    [Fact]
    public void Has_its_policy()
    {
        var request = WorkflowRun.Of(Workflow, "digest", Asked, new RunOverrides()).Value;

        Assert.Equal("Tidy up.", request.Prompt);
        Assert.Equal(Money.FromDollars(2), request.Limits.Cost);
        Assert.Equal(["docs.example.com"], request.Network.Allow);
        Assert.Equal(["src/**"], request.Rules.Write);
        Assert.Equal(FindingSeverity.Block, request.Rules.Tests);
        Assert.Equal(["make test"], request.Done);
        Assert.Equal("digest", request.WorkflowDigest);
    }

    [Fact]
    public void Is_paid_for_by_its_day_too_and_keeps_its_pins()
    {
        var workflow = Workflow with
        {
            Prompt = "Tidy up.\n\n## Constraints\n- Keep signatures.\n### Also\n- Ask.\n\n## Notes\nNone.",
            Limits = Workflow.Limits with { CostPerDay = Money.FromDollars(25) },
            Pins = ["constraints"],
        };

        var request = WorkflowRun.Of(workflow, "digest", Asked with { Team = "7" }, new RunOverrides()).Value;

        Assert.Equal(["- Keep signatures.\n### Also\n- Ask."], request.Pins);
        Assert.Equal(
            [
                new("repository:.:day"), new("workflow:tidy:day", Money.FromDollars(25)), new("team:7:day"), new("team:7:month"),
                new("organisation:default:day"), new PayingScope("organisation:default:month"),
            ],
            RunScopes.Of(request));
    }

    [Fact]
    public void May_narrow_it()
    {
        var request = WorkflowRun.Of(
            Workflow, "digest", Asked with { Prompt = "Only src/a.", Done = ["make lint"] }, new RunOverrides(Money.FromDollars(1), 5, Output: OutputKind.None)).Value;

        Assert.Equal("Tidy up.\n\nOnly src/a.", request.Prompt);
        Assert.Equal(Money.FromDollars(1), request.Limits.Cost);
        Assert.Equal(5, request.Limits.Turns);
        Assert.Equal(OutputKind.None, request.Output);
        Assert.Equal(["make test", "make lint"], request.Done);
    }

    [Fact]
    public void Cannot_widen_it_and_hears_every_attempt()
    {
        var failures = WorkflowRun.Of(
            Workflow with { Output = OutputKind.Patch }, "digest", Asked with { Network = new NetworkPolicy(["evil.example.com"]) },
            new RunOverrides(Money.FromDollars(3), 21, Output: OutputKind.Branch)).Failures;

        Assert.Equal(4, failures.Count);
        Assert.All(failures, failure => Assert.Equal("widens_workflow", failure.Code));
    }
}
