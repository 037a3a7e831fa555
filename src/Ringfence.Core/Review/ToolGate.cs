using Ringfence.Agents;
using Ringfence.Audit;

namespace Ringfence.Review;

/// <summary><c>denied_command</c>: a program that the run's rules deny was started by the agent all the same, as the sandbox saw it.</summary>
public static class ToolGate
{
    private const string AgentSandbox = "agent-";

    /// <param name="commands">Every program of the run that was started, checks included: what those start is the platform's own doing.</param>
    public static IEnumerable<Finding> Review(ToolRules rules, IEnumerable<CommandStarted> commands)
    {
        var denials = rules.Denials().Where(rule => rule.Command is not null).ToList();

        return denials.Count == 0 ? [] : commands
            .Where(command => command.Sandbox.StartsWith(AgentSandbox, StringComparison.Ordinal))
            .SelectMany(command => denials.Where(rule => rule.Denies(command.Executable, command.Arguments)).Select(rule => new Finding(
                "denied_command", FindingSeverity.Block, ".", Printable.Escape($"{rule} is denied; command {command.Command} of {command.Sandbox} was {string.Join(' ', command.Arguments)}"))))
            .DistinctBy(finding => finding.Evidence).Take(20);
    }
}
