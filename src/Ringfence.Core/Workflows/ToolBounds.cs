using Ringfence.Agents;
using Ringfence.Runs;

namespace Ringfence.Workflows;

/// <summary>
/// What rules over tools mean for the walls around the agent: a path that may not be edited may not be in the change, one that may not be read is not shown,
/// a host that may not be fetched is refused at the door. What the agent is not shown it may not change either.
/// </summary>
public static class ToolBounds
{
    public static RunRequest Apply(RunRequest request)
    {
        var rules = request.Tools.Denials().ToList();
        string[] hidden = [.. request.Context.Exclude.Union(rules.Select(rule => rule.Unreadable).OfType<string>())];
        string[] never = [.. request.Rules.Never.Union(rules.Select(rule => rule.Unchangeable).OfType<string>()).Union(hidden)];
        string[] hosts = [.. request.Network.Allow.Union(rules.Select(rule => rule.Unreachable).OfType<string>().Select(host => "!" + host))];

        return request with
        {
            Context = request.Context with { Exclude = hidden },
            Rules = request.Rules with { Never = never, Shown = request.Context.Include },
            Network = request.Network with { Allow = hosts },
        };
    }

    /// <summary>Rules that nobody would keep: the agent takes none of its own, and no wall stands behind them.</summary>
    public static IEnumerable<Failure> Unkept(ToolRules rules, AgentDescription agent)
    {
        foreach (var rule in rules.Denials().Where(rule => rule.Boundary is null && !agent.Takes(rule)))
        {
            yield return new Failure(
                "unenforced_tool_rule", $"Nothing would enforce tools.deny '{rule}': {agent.Title} takes no such rule, and no wall of the sandbox stands behind this one.",
                "A command (Bash(git push:*)), a path (Edit(…), Read(…)) or a host (WebFetch(domain:…)) is kept by the sandbox whatever the agent.");
        }

        if (rules.Allow.Count > 0 && !agent.TakesToolList)
        {
            yield return new Failure(
                "unenforced_tool_rule", $"Nothing would enforce tools.allow: {agent.Title} does not take a list of tools.", "Name what is denied, under tools.deny.");
        }
    }
}
