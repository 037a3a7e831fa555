using FsCheck;
using FsCheck.Fluent;
using Ringfence.Agents;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Workflows;

/// <summary>Whatever a server's policy, a file and a run say, the run has no more than each of them allows: layers only narrow.</summary>
public sealed class Layers_of_policy
{
    private static readonly Gen<string[]> Globs = Gen.Elements("src/**", "**/*.log", "secrets/**", "legacy/**").ArrayOf();

    private static readonly Gen<string[]> Rules = Gen.Elements("Bash(git push:*)", "WebFetch", "Edit(legacy/**)", "Read(secrets/**)", "WebFetch(domain:evil.example)").ArrayOf();

    private static readonly Gen<WorkflowLimits> Limits =
        from cost in Gen.Choose(0, 20)
        from turns in Gen.Choose(0, 200)
        select new WorkflowLimits { Cost = cost == 0 ? null : Money.FromDollars(cost), Turns = turns == 0 ? null : turns };

    [Fact]
    public void Give_a_run_no_more_than_each_of_them_allows() => Prop.ForAll(
        (from fileDeny in Rules
         from fileHide in Globs
         from fileLimits in Limits
         from fileOutput in Gen.Elements(Enum.GetValues<OutputKind>())
         from policyDeny in Rules
         from policyHide in Globs
         from policyLimits in Limits
         from runDeny in Rules
         from runHide in Globs
         from runTurns in Gen.Choose(0, 200)
         from runOutput in Gen.Elements(null, OutputKind.PullRequest, OutputKind.Branch, (OutputKind?)OutputKind.None)
         select (fileDeny, fileHide, fileLimits, fileOutput, policyDeny, policyHide, policyLimits, runDeny, runHide, runTurns, runOutput)).ToArbitrary(),
        sample =>
        {
            var workflow = new Workflow
            {
                Name = "w", Prompt = "p", Limits = sample.fileLimits, Output = sample.fileOutput, Tools = new ToolRules(["Read", "Edit"], sample.fileDeny),
                Context = new ContextView(["src/**", "legacy/**"], sample.fileHide),
            };
            var policy = new ServerPolicy { Limits = sample.policyLimits, DeniedTools = sample.policyDeny, Hidden = sample.policyHide };
            var asked = new RunRequest
            {
                Prompt = "", Repository = ".", RequestedBy = "somebody", Tools = new ToolRules([], sample.runDeny), Context = new ContextView([], sample.runHide),
            };

            // A run that asks for more is refused; that is narrow enough.
            if (!WorkflowRun.Of(workflow, "digest", asked, new RunOverrides(Turns: sample.runTurns == 0 ? null : sample.runTurns, Output: sample.runOutput)).Succeeded(out var run)
                || !policy.Apply(run).Succeeded(out var settled))
            {
                return sample.runTurns > (sample.fileLimits.Turns ?? new RunLimits().Turns) || sample.runOutput < sample.fileOutput;
            }

            string[] denied = [.. sample.fileDeny, .. sample.policyDeny, .. sample.runDeny];
            string[] hidden = [.. sample.fileHide, .. sample.policyHide, .. sample.runHide];
            var hides = settled.Context.Hides();

            return !denied.Except(settled.Tools.Deny).Any()
                && settled.Tools.Allow.SequenceEqual(workflow.Tools.Allow)
                && !hidden.Except(settled.Context.Exclude).Any() && !settled.Context.Exclude.Except(settled.Rules.Never).Any()
                && hides("other/a.cs") && settled.Context.Include.SequenceEqual(workflow.Context.Include)
                && (!denied.Contains("Edit(legacy/**)") || settled.Rules.Never.Contains("legacy/**"))
                && (!denied.Contains("Read(secrets/**)") || hides("secrets/key.txt"))
                && (!denied.Contains("WebFetch(domain:evil.example)") || settled.Network.Allow.Contains("!evil.example"))
                && settled.Output >= workflow.Output && (sample.runOutput is null || settled.Output >= sample.runOutput)
                && settled.Limits.Turns <= Math.Min(workflow.Limits.Turns ?? int.MaxValue, sample.policyLimits.Turns ?? int.MaxValue)
                && settled.Limits.Cost <= (sample.policyLimits.Cost ?? Money.FromDollars(1000)) && settled.Limits.Cost <= (workflow.Limits.Cost ?? new RunLimits().Cost)

                // Applied once more, by another server or after a restart, it is what it was.
                && policy.Apply(settled).Value is var again && again.Rules.Never.SequenceEqual(settled.Rules.Never) && again.Network.Allow.SequenceEqual(settled.Network.Allow);
        }).QuickCheckThrowOnFailure();
}
