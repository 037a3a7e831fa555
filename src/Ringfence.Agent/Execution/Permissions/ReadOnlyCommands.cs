using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Permissions;

/// <summary>Commands that only look, and only at the workplace: they need no permission.</summary>
internal static class ReadOnlyCommands
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "ls", "pwd", "echo", "printf", "cat", "head", "tail", "wc", "id", "whoami", "date", "which", "type", "stat", "file", "du", "df", "uname", "true", "false",
        "grep", "rg", "uniq", "cut", "tr", "diff", "cmp", "basename", "dirname", "realpath", "readlink", "test", "[", "nl", "tree", "jq", "cd", "sleep", "hostname", "nproc",
    };

    private static readonly HashSet<string> GitVerbs = new(StringComparer.Ordinal)
    {
        "status", "log", "diff", "show", "rev-parse", "ls-files", "blame", "describe", "shortlog", "ls-tree", "cat-file", "merge-base",
    };

    public static bool Includes(ShellCommand command, Workplace workplace) =>
        !command.IsOpaque && command.Parts.Count > 0
        && command.Writes.All(w => w == "/dev/null")
        && command.Parts.All(p => OnlyLooks(p, workplace));

    private static bool OnlyLooks(string part, Workplace workplace)
    {
        var words = part.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);

        if (!words.Skip(1).All(w => StaysInside(w, workplace)))
        {
            return false;
        }

        return words[0] switch
        {
            "git" => words.Length > 1 && GitVerbs.Contains(words[1]) && !words.Any(w => w.StartsWith("--output", StringComparison.Ordinal) || w is "--ext-diff" or "--textconv"),
            "find" => !words.Any(w => w.StartsWith("-exec", StringComparison.Ordinal) || w.StartsWith("-ok", StringComparison.Ordinal)
                || w.StartsWith("-fprint", StringComparison.Ordinal) || w.StartsWith("-fls", StringComparison.Ordinal) || w == "-delete"),
            "rg" => !words.Any(w => w.StartsWith("--pre", StringComparison.Ordinal)),
            "sort" => !words.Any(w => w.StartsWith("-o", StringComparison.Ordinal) || w.StartsWith("--output", StringComparison.Ordinal) || w.StartsWith("--compress", StringComparison.Ordinal)),
            "tree" => !words.Contains("-o"),
            "date" => !words.Any(w => w.StartsWith("-s", StringComparison.Ordinal) || w.StartsWith("--set", StringComparison.Ordinal)),
            "hostname" => words.Length == 1,
            var name => Names.Contains(name),
        };
    }

    private static bool StaysInside(string word, Workplace workplace)
    {
        var value = (word.StartsWith('-') && word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? word[(at + 1)..] : word).Trim('"', '\'');

        return value is "/dev/null"
            || !(value.StartsWith('/') || value.StartsWith('~') || value.Split('/').Contains(".."))
            || workplace.Contains(workplace.Resolve(value));
    }
}
