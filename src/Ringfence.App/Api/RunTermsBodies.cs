using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Ringfence.Egress;
using Ringfence.Outputs;
using Ringfence.Review;
using Ringfence.Setups;

namespace Ringfence.App.Api;

/// <summary>What is installed once and found by every run, with a network of its own.</summary>
internal sealed record SetupBody
{
    [Description("Shell command line, run on the base commit; once for each state of the lock files.")]
    [Required, StringLength(10_000, MinimumLength = 1)]
    public string? Command { get; init; }

    [Description("Hosts that it may reach; the run may not unless it is allowed too.")]
    [Texts(100, 300)]
    public IReadOnlyList<string>? Network { get; init; }

    [Description("Ecosystems whose registries it may reach: npm, nuget, pip, cargo, go, maven, apt.")]
    [Texts(20, 20)]
    public IReadOnlyList<string>? Presets { get; init; }

    public Result<RunSetup?> ToSetup()
    {
        if (string.IsNullOrWhiteSpace(Command))
        {
            return new Failure("bad_field", "setup.command: not only white space.");
        }

        if (Presets?.FirstOrDefault(preset => !EgressPlan.PresetNames.Contains(preset)) is { } unknown)
        {
            return new Failure("bad_field", $"setup.presets: there is no preset '{Printable.Escape(unknown)}'.", $"Presets are {string.Join(", ", EgressPlan.PresetNames)}.");
        }

        var network = new NetworkPolicy(Network ?? []) { Presets = Presets ?? [] };
        return EgressRules.Parse(network) is { IsFailure: true } policy ? Result.Fail<RunSetup?>(policy.Failures) : new RunSetup(Command, network);
    }
}

internal sealed record GuardrailsBody
{
    [Range(1, 1000)]
    public int? MaxTurns { get; init; }

    [Range(0.01, 1000.0)]
    public decimal? MaxCostUsd { get; init; }

    [Range(30, 3600)]
    public int? TimeoutSeconds { get; init; }
}

/// <summary>How a pull request looks; see the workflow file's <c>output.pull_request</c>.</summary>
internal sealed record PullRequestTermsBody
{
    public bool? Draft { get; init; }

    [Texts(50, 100)]
    public IReadOnlyList<string>? Labels { get; init; }

    [StringLength(200, MinimumLength = 1)]
    public string? Title { get; init; }

    [StringLength(200, MinimumLength = 1)]
    public string? Base { get; init; }

    [Texts(20, 100)]
    public IReadOnlyList<string>? Reviewers { get; init; }

    public PullRequestTerms ToTerms() => new() { Draft = Draft ?? false, Labels = Labels ?? [], Title = Title, Base = Base, Reviewers = Reviewers ?? [] };
}

/// <summary>What the gates ask of the change set beside what always holds; see the workflow file's <c>constraints</c>.</summary>
internal sealed record ConstraintsBody
{
    [Description("Globs: every changed path must match one.")]
    [Texts(100, 1000)]
    public IReadOnlyList<string>? Write { get; init; }

    [Description("Globs: no changed path may match one.")]
    [Texts(100, 1000)]
    public IReadOnlyList<string>? Never { get; init; }

    [Range(1, 1_000_000)]
    public int? MaxFiles { get; init; }

    [Range(1, 100_000_000)]
    public int? MaxLines { get; init; }

    [AllowedValues("none", "ask", "any")]
    public string? Dependencies { get; init; }

    [AllowedValues("keep", "any")]
    public string? Tests { get; init; }

    public ReviewRules ToRules() => new()
    {
        Write = Write ?? [],
        Never = Never ?? [],
        MaxFiles = MaxFiles,
        MaxLines = MaxLines,
        Dependencies = Dependencies switch { "none" => FindingSeverity.Block, "ask" => FindingSeverity.Ask, _ => FindingSeverity.Note },
        Tests = Tests == "keep" ? FindingSeverity.Block : FindingSeverity.Note,
    };
}
