using System.CommandLine;
using Ringfence.App.Cli;

namespace Ringfence.App.Commands;

/// <summary>Prints a completion script. The shell asks the program itself, through the <c>[suggest]</c> directive, so nothing can go stale.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            _ringfence() {
                local IFS=$'\n'
                COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _ringfence ringfence ./ringfence
            """,
        ["zsh"] = """
            _ringfence() {
                local -a found
                found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
                compadd -a found
            }
            compdef _ringfence ringfence
            """,
        ["fish"] = """
            complete -f -c ringfence -a "(ringfence '[suggest:'(string length (commandline -cp))']' (commandline -p) 2>/dev/null)"
            """,
    };

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);

        var command = new Command("completion", "Prints a completion script: source <(ringfence completion bash)") { shell };
        command.SetAction(parsed => terminal.WriteLine(Scripts[parsed.GetRequiredValue(shell)]));
        return command;
    }
}
