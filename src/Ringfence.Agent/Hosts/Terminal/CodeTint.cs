using System.Text.RegularExpressions;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>
/// A tint for code, line by line: comments, strings and numbers, and the words that most languages share. It knows no grammar, and a string over
/// several lines is tinted on its first only; it never changes a character.
/// </summary>
internal static partial class CodeTint
{
    // Quotes that are never closed are followed to the end of the line each.
    private const int LongestLine = 4_000;

    private static readonly HashSet<string> Words = new(StringComparer.Ordinal)
    {
        "abstract", "and", "as", "assert", "async", "await", "begin", "bool", "break", "case", "catch", "class", "const", "continue", "def", "default", "del", "do",
        "done", "elif", "else", "end", "enum", "except", "export", "extends", "false", "False", "fi", "final", "finally", "fn", "for", "foreach", "from", "func",
        "function", "get", "go", "if", "impl", "implements", "import", "in", "int", "interface", "internal", "is", "lambda", "let", "local", "long", "match", "mod",
        "module", "mut", "namespace", "new", "nil", "none", "None", "not", "null", "object", "of", "or", "override", "package", "pass", "private", "protected", "pub",
        "public", "raise", "readonly", "record", "return", "sealed", "select", "self", "set", "static", "string", "struct", "super", "switch", "then", "this", "throw",
        "trait", "true", "True", "try", "type", "typeof", "undefined", "use", "using", "var", "virtual", "void", "where", "while", "with", "yield",
    };

    private static readonly HashSet<string> HashComments = new(StringComparer.OrdinalIgnoreCase)
    {
        "sh", "bash", "zsh", "shell", "console", "python", "py", "ruby", "rb", "yaml", "yml", "toml", "perl", "r", "make", "makefile", "dockerfile", "conf", "ini", "elixir",
    };

    public static string Line(string line, string language, Paint paint)
    {
        if (language is "diff" or "patch")
        {
            return line switch { ['+', ..] => paint.Of(Role.Added, line), ['-', ..] => paint.Of(Role.Removed, line), ['@', ..] => paint.Quiet(line), _ => line };
        }

        if (line.Length > LongestLine || language is "" or "text" or "txt" or "plain" or "output" or "md" or "markdown")
        {
            return line;
        }

        var tokens = HashComments.Contains(language) ? WithHash() : language is "sql" or "lua" or "haskell" or "ada" ? WithDashes() : WithSlashes();

        return tokens.Replace(line, m => m.Groups["comment"].Success ? paint.Quiet(m.Value)
            : m.Groups["literal"].Success ? paint.Of(Role.Literal, m.Value)
            : Words.Contains(m.Value) ? paint.Of(Role.Keyword, m.Value) : m.Value);
    }

    private const string Rest = """|(?<literal>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\b\d[\w.]*)|[A-Za-z_]\w*""";

    [GeneratedRegex(@"(?<comment>(?<!:)//.*$)" + Rest)]
    private static partial Regex WithSlashes();

    [GeneratedRegex(@"(?<comment>(?<![\w$\{])\#.*$)" + Rest)]
    private static partial Regex WithHash();

    [GeneratedRegex("(?<comment>--.*$)" + Rest)]
    private static partial Regex WithDashes();
}
