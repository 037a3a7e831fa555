namespace Ringfence.Agent.Tools;

/// <summary>What <c>.gitignore</c> files say of one directory and those below it: the last rule that matches decides.</summary>
internal sealed class IgnoreRules
{
    public static readonly IgnoreRules None = new(null, "", []);

    private readonly IgnoreRules? above;
    private readonly string directory;
    private readonly IReadOnlyList<Rule> rules;

    private IgnoreRules(IgnoreRules? above, string directory, IReadOnlyList<Rule> rules)
    {
        (this.above, this.directory, this.rules) = (above, directory, rules);
    }

    private sealed record Rule(GlobPattern Pattern, string? Name, bool Negated, bool DirectoriesOnly);

    public IgnoreRules With(string path)
    {
        string[] lines;

        try
        {
            lines = File.ReadAllLines(Path.Combine(path, ".gitignore"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return this;
        }

        return new IgnoreRules(this, path, [.. lines.Select(Parse).OfType<Rule>()]);
    }

    public bool Ignores(string path, bool isDirectory)
    {
        for (var level = this; level is not null; level = level.above)
        {
            for (var i = level.rules.Count - 1; i >= 0; i--)
            {
                var rule = level.rules[i];

                if ((isDirectory || !rule.DirectoriesOnly)
                    && (rule.Name is { } name
                        ? GlobPattern.Segment(name, Path.GetFileName(path.AsSpan()))
                        : rule.Pattern.Matches(path.AsSpan(level.directory.Length + 1))))
                {
                    return !rule.Negated;
                }
            }
        }

        return false;
    }

    private static Rule? Parse(string line)
    {
        var text = line.TrimEnd();

        if (text.Length == 0 || text[0] == '#')
        {
            return null;
        }

        var negated = text[0] == '!';
        text = negated || text.StartsWith("\\#", StringComparison.Ordinal) || text.StartsWith("\\!", StringComparison.Ordinal) ? text[1..] : text;
        var directoriesOnly = text.EndsWith('/');
        text = text.TrimEnd('/');

        return text.Length == 0 ? null : new Rule(new GlobPattern(text), text.Contains('/') ? null : text, negated, directoriesOnly);
    }
}
