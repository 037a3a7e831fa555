using System.CommandLine;
using Ringfence.Egress;
using Ringfence.Setups;

namespace Ringfence.App.Commands;

/// <summary>What is installed once and found by every run: <c>--setup</c> and its own network.</summary>
internal sealed class SetupOptions
{
    private readonly Option<string?> setup = new("--setup") { Description = "Command that prepares dependencies before the agent starts; run once per state of the lock files, then reused.", HelpName = "CMD" };
    private readonly Option<string[]> allow = new("--setup-allow") { Description = "Host that --setup may reach, and the run may not unless it is allowed too. Repeatable.", HelpName = "HOST" };
    private readonly Option<string[]> preset = new("--setup-preset") { Description = "Registries of an ecosystem that --setup may reach: npm, nuget, pip, cargo, go, maven, apt. Repeatable.", HelpName = "NAME" };

    public IEnumerable<Option> All => [setup, allow, preset];

    public RunSetup? Read(ParseResult parsed, List<Failure> failures)
    {
        var command = parsed.GetValue(setup);
        var network = new NetworkPolicy(parsed.GetValue(allow) ?? []) { Presets = parsed.GetValue(preset) ?? [] };

        if (command is null ? network.Allow.Count + network.Presets.Count > 0 : string.IsNullOrWhiteSpace(command))
        {
            failures.Add(new Failure("bad_setup", command is null ? "--setup-allow and --setup-preset need --setup." : "--setup is empty.", "Give a command, such as --setup 'npm ci'."));
        }

        failures.AddRange(EgressRules.Parse(network).Failures);
        return command is null ? null : new RunSetup(command, network);
    }
}
