using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Runs;

namespace Ringfence.Workflows;

/// <summary>What a run's own flags say about limits; null where they say nothing.</summary>
/// <param name="Inputs">Values for the workflow's inputs, as they were given.</param>
public sealed record RunOverrides(
    Money? Cost = null, int? Turns = null, TimeSpan? Time = null, OutputKind? Output = null, IReadOnlyDictionary<string, string>? Inputs = null);

/// <summary>A run of a workflow: the workflow's policy, which the run may narrow and never widen.</summary>
public static class WorkflowRun
{
    /// <param name="asked">The request as the flags make it: repository, reference, requester, more checks, and text to add to the prompt.</param>
    public static Result<RunRequest> Of(Workflow workflow, string digest, RunRequest asked, RunOverrides overrides)
    {
        var failures = new List<Failure>();
        var defaults = new RunLimits();

        void Narrows<T>(string flag, T? asks, T? allowed)
            where T : struct, IComparable<T>
        {
            if (asks is { } more && allowed is { } most && more.CompareTo(most) > 0)
            {
                failures.Add(new Failure("widens_workflow", $"{flag} {more} is more than the workflow {workflow.Name} allows, {most}.", "A run can only narrow its workflow."));
            }
        }

        Narrows("--max-cost", overrides.Cost, workflow.Limits.Cost ?? defaults.Cost);
        Narrows("--max-turns", overrides.Turns, workflow.Limits.Turns ?? defaults.Turns);
        Narrows("--timeout", overrides.Time, workflow.Limits.Time ?? defaults.Time);

        // From a branch over a file to nothing, less leaves.
        if (overrides.Output is { } output && output < workflow.Output)
        {
            failures.Add(new Failure(
                "widens_workflow", $"--output {OutputName.Of(output)} lets more out than the workflow {workflow.Name} does: {OutputName.Of(workflow.Output)}.",
                "A run can only narrow its workflow."));
        }

        if (asked.Network.Learn || asked.Network.Allow.Except(workflow.Network).Any() || asked.Network.Presets.Except(workflow.Presets).Any())
        {
            failures.Add(new Failure("widens_workflow", $"The run asks for hosts that the workflow {workflow.Name} does not allow.", "Add them to the workflow's network.allow or network.presets."));
        }

        var settled = WorkflowInputs.Settle(workflow.Inputs, overrides.Inputs ?? new Dictionary<string, string>());
        failures.AddRange(settled.Failures);

        if (failures.Count > 0)
        {
            return Result.Fail<RunRequest>(failures);
        }

        var inputs = settled.Value;
        var prompt = PromptTemplate.Fill(workflow.Prompt, inputs);
        var constraints = workflow.Constraints;
        return asked with
        {
            Prompt = asked.Prompt.Length == 0 ? prompt : $"{prompt}\n\n{asked.Prompt}",
            Inputs = inputs,
            Agent = workflow.Agent,
            Model = asked.Model ?? workflow.Model,
            Limits = asked.Limits with
            {
                Cost = overrides.Cost ?? workflow.Limits.Cost ?? defaults.Cost,
                Turns = overrides.Turns ?? workflow.Limits.Turns ?? defaults.Turns,
                Time = overrides.Time ?? workflow.Limits.Time ?? defaults.Time,
            },
            Sandbox = workflow.Limits.MemoryBytes is { } memory
                ? asked.Sandbox with { MemoryBytes = Math.Min(memory, asked.Sandbox.MemoryBytes) }
                : asked.Sandbox,
            Done = [.. workflow.Done, .. asked.Done],
            Attempts = workflow.Attempts,
            Network = asked.Network with
            {
                Allow = asked.Network.Allow.Count > 0 ? asked.Network.Allow : workflow.Network,
                Presets = asked.Network.Presets.Count > 0 ? asked.Network.Presets : workflow.Presets,
                Secrets = [.. workflow.Secrets.Select(secret => new Secrets.SecretGrant(secret.Name, [secret.Host], null, secret.Header))],
            },
            Output = overrides.Output ?? workflow.Output,
            PullRequest = (overrides.Output ?? workflow.Output) is OutputKind.PullRequest ? workflow.PullRequest : null,
            Approve = workflow.Approve,
            Slack = workflow.Slack,
            Rules = new ReviewRules
            {
                Write = constraints.Write,
                Never = constraints.Never,
                MaxFiles = constraints.MaxFiles,
                MaxLines = constraints.MaxLines,
                Dependencies = constraints.Dependencies switch
                {
                    "none" => FindingSeverity.Block,
                    "ask" => FindingSeverity.Ask,
                    _ => FindingSeverity.Note,
                },
                Tests = constraints.Tests == "keep" ? FindingSeverity.Block : FindingSeverity.Note,
            },
            Workflow = workflow.Name,
            WorkflowDigest = digest,
            WorkflowDay = workflow.Limits.CostPerDay,
            Tools = workflow.Tools with { Deny = [.. workflow.Tools.Deny.Union(asked.Tools.Deny)] },
            Context = workflow.Context with { Exclude = [.. workflow.Context.Exclude.Union(asked.Context.Exclude)] },

            // Found in the file's own words: a heading that somebody writes into an input is no pin.
            Pins = [.. workflow.Pins.Select(name => PromptSections.Find(workflow.Prompt, name)).OfType<string>().Select(part => PromptTemplate.Part(part, inputs))],
        };
    }
}
