using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ringfence.App.Cli;

/// <summary>
/// Commands are described in one sentence, then examples and more. A list of commands shows the sentence; the page of a command shows all of it.
/// </summary>
internal static class HelpPages
{
    public static void Arrange(RootCommand root)
    {
        var more = new Dictionary<Command, string>();
        Split(root, more);

        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: HelpAction page } help)
        {
            // Names of another system, which every completion would offer here.
            help.Aliases.Remove("/h");
            help.Aliases.Remove("/?");
            help.Aliases.Remove("-?");
            help.Action = new Page(page, more);
        }
    }

    private static void Split(Command command, Dictionary<Command, string> more)
    {
        if (command.Description?.ReplaceLineEndings("\n").Split("\n\n", 2) is [var sentence, var rest])
        {
            command.Description = sentence;
            more[command] = rest;
        }

        foreach (var below in command.Subcommands)
        {
            Split(below, more);
        }
    }

    internal sealed class Page(HelpAction page, Dictionary<Command, string> more) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var result = page.Invoke(parseResult);

            if (more.TryGetValue(parseResult.CommandResult.Command, out var rest))
            {
                parseResult.InvocationConfiguration.Output.WriteLine(rest);
                parseResult.InvocationConfiguration.Output.WriteLine();
            }

            return result;
        }
    }
}
