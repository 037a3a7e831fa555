using System.Text;

namespace Ringfence.Agent.Execution.Permissions;

/// <summary>
/// A command line taken apart into the simple commands that it runs, so that a rule about one is not got round by another beside it.
/// What cannot be read with certainty makes the whole <see cref="IsOpaque"/>, and nothing opaque is ever allowed by a rule about its beginning.
/// </summary>
internal sealed class ShellCommand
{
    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "select", "function", "{", "}", "!", "[[", "]]", "time", "coproc",
    };

    private readonly List<string> parts = [];
    private readonly List<string> writes = [];

    private ShellCommand()
    {
    }

    /// <summary>The simple commands, in order, without redirections; those within substitutions come as further ones.</summary>
    public IReadOnlyList<string> Parts => parts;

    /// <summary>Files that redirections write to.</summary>
    public IReadOnlyList<string> Writes => writes;

    /// <summary>Holds something that is only known when it runs, or that this reader does not understand.</summary>
    public bool IsOpaque { get; private set; }

    public static ShellCommand Parse(string command)
    {
        var parsed = new ShellCommand();
        parsed.Read(command, depth: 0);
        return parsed;
    }

    private void Read(string text, int depth)
    {
        if (depth > 8)
        {
            IsOpaque = true;
            return;
        }

        var part = new StringBuilder();

        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];

            switch (c)
            {
                case '\\' when i + 1 < text.Length:
                    if (text[i + 1] != '\n')
                    {
                        part.Append(c).Append(text[i + 1]);
                    }

                    i++;
                    break;

                case '\'':
                    i = Quote(text, i, part);
                    break;

                case '"':
                    i = DoubleQuote(text, i, part, depth);
                    break;

                case '`':
                    i = Backticks(text, i, part, depth);
                    break;

                case '$':
                    i = Dollar(text, i, part, depth);
                    break;

                case '#' when part.Length == 0 || char.IsWhiteSpace(part[^1]):
                    i = text.IndexOf('\n', i) is >= 0 and var end ? end - 1 : text.Length;
                    break;

                case '<' or '>' when i + 1 < text.Length && text[i + 1] == '(':
                    i = Substitution(text, i + 1, part, depth);
                    break;

                case '<' when i + 1 < text.Length && text[i + 1] == '<':
                    IsOpaque |= !(i + 2 < text.Length && text[i + 2] == '<'); // a here-document; a here-string is only a word
                    part.Append("<<");
                    i++;
                    break;

                case '>':
                    i = Redirection(text, i, part);
                    break;

                case '&' when i + 1 < text.Length && text[i + 1] == '>':
                    i = Redirection(text, i + 1, part);
                    break;

                case ';' or '\n' or '|' or '&' or '(' or ')':
                    Finish(part);
                    break;

                default:
                    part.Append(c);
                    break;
            }
        }

        Finish(part);
    }

    private int Quote(string text, int i, StringBuilder part)
    {
        var end = text.IndexOf('\'', i + 1);
        IsOpaque |= end < 0;
        end = end < 0 ? text.Length - 1 : end;
        part.Append(text, i, end - i + 1);
        return end;
    }

    private int DoubleQuote(string text, int i, StringBuilder part, int depth)
    {
        part.Append('"');

        for (i++; i < text.Length && text[i] != '"'; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                part.Append(text[i]).Append(text[++i]);
            }
            else if (text[i] == '`')
            {
                i = Backticks(text, i, part, depth);
            }
            else if (text[i] == '$')
            {
                i = Dollar(text, i, part, depth);
            }
            else
            {
                part.Append(text[i]);
            }
        }

        IsOpaque |= i >= text.Length;
        part.Append('"');
        return i;
    }

    private int Backticks(string text, int i, StringBuilder part, int depth)
    {
        var end = text.IndexOf('`', i + 1);
        IsOpaque = true;

        if (end < 0)
        {
            return text.Length;
        }

        Read(text[(i + 1)..end], depth + 1);
        part.Append("$()");
        return end;
    }

    private int Dollar(string text, int i, StringBuilder part, int depth)
    {
        // What a variable or a substitution stands for is only known when it runs.
        if (i + 1 < text.Length && (char.IsAsciiLetterOrDigit(text[i + 1]) || text[i + 1] is '{' or '(' or '_' or '\'' or '"' or '@' or '*' or '?' or '!' or '$' or '#'))
        {
            IsOpaque |= text[i + 1] is not '?';
        }

        if (i + 1 < text.Length && text[i + 1] == '(')
        {
            return Substitution(text, i + 1, part, depth);
        }

        part.Append('$');
        return i;
    }

    private int Substitution(string text, int open, StringBuilder part, int depth)
    {
        IsOpaque = true;
        var level = 0;

        for (var i = open; i < text.Length; i++)
        {
            level += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;

            if (level == 0)
            {
                Read(text[(open + 1)..i], depth + 1);
                part.Append("$()");
                return i;
            }
        }

        return text.Length;
    }

    private int Redirection(string text, int i, StringBuilder part)
    {
        while (part.Length > 0 && char.IsAsciiDigit(part[^1]) && (part.Length == 1 || char.IsWhiteSpace(part[^2])))
        {
            part.Length--;
        }

        i++;
        i += i < text.Length && text[i] is '>' or '|' ? 1 : 0;

        if (i < text.Length && text[i] == '&')
        {
            // 2>&1 joins two outputs; anything else after & is a file.
            var end = i + 1;

            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '-'))
            {
                end++;
            }

            if (end > i + 1)
            {
                return end - 1;
            }

            i++;
        }

        while (i < text.Length && text[i] is ' ' or '\t')
        {
            i++;
        }

        var target = new StringBuilder();

        for (; i < text.Length && !char.IsWhiteSpace(text[i]) && text[i] is not (';' or '|' or '&' or '(' or ')' or '<' or '>'); i++)
        {
            IsOpaque |= text[i] is '$' or '`';

            if (text[i] is not ('"' or '\'' or '\\'))
            {
                target.Append(text[i]);
            }
        }

        writes.Add(target.ToString());
        return i - 1;
    }

    private void Finish(StringBuilder part)
    {
        var text = part.ToString().Trim();
        part.Clear();

        // A word of the shell's own is followed by the command that it governs.
        for (var word = FirstWord(text); Keywords.Contains(word); word = FirstWord(text))
        {
            IsOpaque |= word is "for" or "case" or "select" or "function" or "coproc";
            text = text[word.Length..].TrimStart();
        }

        if (text.Length > 0)
        {
            parts.Add(text);
        }
    }

    public static string FirstWord(string text) => text.IndexOfAny([' ', '\t']) is >= 0 and var end ? text[..end] : text;
}
