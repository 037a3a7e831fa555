using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>Compares the calls that an agent tells of with the run's rules.</summary>
internal sealed class ToolWatch(ToolRules rules, AgentDescription agent)
{
    private readonly Dictionary<string, string> names = Names(agent);

    /// <summary>The rule that denies the call; null when none does.</summary>
    public string? WhyNot(AgentEvent.ToolCall call) =>
        rules.Deny.Count == 0 && rules.Allow.Count == 0 ? null : rules.WhyNot(names.GetValueOrDefault(call.Tool, call.Tool), Command(call.Input));

    private string? Command(string input)
    {
        try
        {
            using var parsed = JsonDocument.Parse(input);
            return agent.Tools is { Shell: [_, var argument] } && parsed.RootElement is { ValueKind: JsonValueKind.Object } call
                && call.TryGetProperty(argument, out var command) && command.ValueKind is JsonValueKind.String ? command.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Dictionary<string, string> Names(AgentDescription agent)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (var (name, own) in agent.ToolNames)
        {
            names.TryAdd(own, name);
        }

        if (agent.Tools is { Shell: [var shell, _] })
        {
            names[shell] = "Bash";
        }

        return names;
    }
}
