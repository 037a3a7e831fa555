using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ringfence.Audit;

/// <summary>
/// A command as people mean it: agents wrap what the model asked for in a shell script of their own, and the arguments on record are escaped. For
/// reading alone: what really ran stands in the event.
/// </summary>
public static partial class CommandText
{
    private static readonly string[] Shells = ["sh", "bash", "dash", "zsh", "ash", "ksh"];

    /// <summary>True when the program does nothing but start another one, which then takes its place.</summary>
    public static bool IsLauncher(CommandStarted command) => command.Arguments.Count > 0 && Name(command.Arguments[0]) is "setsid" or "nohup" or "stdbuf";

    /// <summary>One printable text, which may have several lines.</summary>
    public static string Of(IReadOnlyList<string> arguments)
    {
        var script = arguments.Count > 2 && Shells.Contains(Name(arguments[0]))
            ? arguments.Skip(1).TakeWhile(argument => argument.StartsWith('-')).ToList()
            : [];

        return script.Any(flag => !flag.StartsWith("--", StringComparison.Ordinal) && flag.Contains('c', StringComparison.Ordinal)) && arguments.Count > script.Count + 1
            ? Shown("$ " + Inner(Unescape(arguments[script.Count + 1]), [.. arguments.Skip(script.Count + 2)]).Trim())
            : Shown(string.Join(' ', arguments.Select(argument => argument.Contains(' ', StringComparison.Ordinal) ? $"'{Unescape(argument)}'" : Unescape(argument))));
    }

    /// <summary>What a wrapper evaluates: a text in quotes, or the parameter that it was given it in.</summary>
    private static string Inner(string script, IReadOnlyList<string> parameters)
    {
        if (Parameter().Match(script) is { Success: true } parameter
            && int.Parse(parameter.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is var number && number < parameters.Count)
        {
            return Unescape(parameters[number]);
        }

        return Quoted().Match(script) is { Success: true } quoted
            ? quoted.Groups[1].Value.Replace("'\\''", "'", StringComparison.Ordinal).Replace("'\"'\"'", "'", StringComparison.Ordinal)
            : script;
    }

    /// <summary>Undoes what made an argument printable, as far as it stays text.</summary>
    private static string Unescape(string argument)
    {
        if (argument is not ['"', .. var inner, '"'] || !inner.Contains('\\', StringComparison.Ordinal))
        {
            return argument;
        }

        var text = new StringBuilder(inner.Length);

        for (var i = 0; i < inner.Length; i++)
        {
            var next = inner[i] == '\\' && i + 1 < inner.Length ? inner[i + 1] : '\0';
            text.Append(next switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '"' => '"', '\\' => '\\', _ => inner[i] });
            i += next is 'n' or 't' or 'r' or '"' or '\\' ? 1 : 0;
        }

        return text.ToString();
    }

    // What was made text again may hold anything: it is made printable again, line by line.
    private static string Shown(string text) => Printable.EscapeLines(text);

    private static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    [GeneratedRegex(@"\beval\s+""\$\{?(\d)\}?""")]
    private static partial Regex Parameter();

    [GeneratedRegex(""""\beval\s+'((?:[^']|'\\''|'"'"')*)'"""")]
    private static partial Regex Quoted();
}
