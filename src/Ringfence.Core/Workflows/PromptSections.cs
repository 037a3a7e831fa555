namespace Ringfence.Workflows;

/// <summary>The parts of a prompt under its Markdown headings.</summary>
public static class PromptSections
{
    /// <summary>The text under the heading of this name, in any case, down to the next heading of its level or above; null when there is none.</summary>
    public static string? Find(string prompt, string name)
    {
        var lines = prompt.ReplaceLineEndings("\n").Split('\n');
        var start = Array.FindIndex(lines, line => Level(line) > 0 && line.Trim('#', ' ').Equals(name, StringComparison.OrdinalIgnoreCase));

        if (start < 0)
        {
            return null;
        }

        var level = Level(lines[start]);
        var end = Array.FindIndex(lines, start + 1, line => Level(line) is var next and > 0 && next <= level);
        var text = string.Join('\n', lines[(start + 1)..(end < 0 ? lines.Length : end)]).Trim();
        return text.Length > 0 ? text : null;
    }

    private static int Level(string line)
    {
        var marks = line.Length - line.TrimStart('#').Length;
        return marks is > 0 and < 7 && marks < line.Length && line[marks] == ' ' ? marks : 0;
    }
}
