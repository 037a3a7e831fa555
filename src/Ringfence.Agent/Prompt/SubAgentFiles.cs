using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Prompt;

/// <summary>Where sub-agents come from: built in, <c>.claude/agents/*.md</c> of the user and the project, and the command line. The later one wins a name.</summary>
internal static class SubAgentFiles
{
    private static readonly SubAgent General = new(
        "general-purpose", "searches, reads and changes code; has every tool",
        """
        You are a sub-agent of ringfence-agent. You do one part of a larger work, alone and to the end. Use tools; check what you claim.
        Your last message is all that is handed on: say what you found or did, with paths and lines, and what is uncertain.
        """, null, null);

    private static readonly SubAgent Explorer = General with
    {
        Name = "explore", Description = "searches and reads, changes nothing; fast for finding out how something works", Tools = ["Read", "Glob", "Grep", "Bash"],
    };

    public static IReadOnlyList<SubAgent> Read(string? json, string root, string userDirectory, bool bare, List<Failure> failures)
    {
        var agents = new Dictionary<string, SubAgent>(StringComparer.Ordinal) { [General.Name] = General, [Explorer.Name] = Explorer };

        foreach (var directory in bare ? [] : new[] { Path.Combine(userDirectory, "agents"), Path.Combine(root, ".claude", "agents") })
        {
            foreach (var file in Directory.Exists(directory) ? Directory.GetFiles(directory, "*.md").Order(StringComparer.Ordinal).ToArray() : [])
            {
                if (Parse(file) is { } agent)
                {
                    agents[agent.Name] = agent;
                }
            }
        }

        if (json is not null)
        {
            if (Json.TryParseObject(json) is { } given)
            {
                foreach (var (name, value) in given)
                {
                    if (value.Text("description") is { } description && value.Text("prompt") is { } prompt)
                    {
                        agents[name] = new SubAgent(name, description, prompt, value.Array("tools")?.Select(t => t!.ToString()).ToArray(), Model(value.Text("model")));
                    }
                    else
                    {
                        failures.Add(new Failure("bad_agent", $"--agents: '{name}' needs a description and a prompt."));
                    }
                }
            }
            else
            {
                failures.Add(new Failure("bad_agent", "--agents is not a JSON object."));
            }
        }

        return [.. agents.Values];
    }

    private static SubAgent? Parse(string file)
    {
        var text = File.ReadAllText(file).ReplaceLineEndings("\n");
        var end = text.IndexOf("\n---\n", StringComparison.Ordinal);

        if (!text.StartsWith("---\n", StringComparison.Ordinal) || end < 0)
        {
            return null;
        }

        var head = text[4..end].Split('\n').Select(l => l.Split(':', 2)).Where(p => p.Length == 2)
            .GroupBy(p => p[0].Trim()).ToDictionary(g => g.Key, g => g.Last()[1].Trim().Trim('"'), StringComparer.Ordinal);

        return head.TryGetValue("name", out var name) && name.Length > 0
            ? new SubAgent(name, head.GetValueOrDefault("description", ""), text[(end + 5)..].Trim(),
                head.TryGetValue("tools", out var tools) && tools.Length > 0 ? tools.Split(',', StringSplitOptions.TrimEntries) : null, Model(head.GetValueOrDefault("model")))
            : null;
    }

    // Short names of a family mean no model that a gateway must have.
    private static string? Model(string? name) => name is null or "" or "inherit" or "sonnet" or "opus" or "haiku" ? null : name;
}
