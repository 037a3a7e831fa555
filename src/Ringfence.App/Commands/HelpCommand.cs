using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Remote;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence help TOPIC</c>: what scripts and callers of servers need, and no flag shows.</summary>
internal static class HelpCommand
{
    public static Command Create(Terminal terminal)
    {
        var exitCodes = new Command("exit-codes", "What each exit code means.");
        exitCodes.SetAction(_ =>
        {
            foreach (var (code, meaning) in ExitCodes.All)
            {
                terminal.WriteLine($"{code,4}  {meaning}");
            }
        });

        var server = new Command(
            "server",
            """
            Which commands work with --server, and why others do not.

            Example:
              RINGFENCE_API_KEY=rf_live_… ringfence runs --server https://ringfence.example.com
            """);
        server.SetAction(_ =>
        {
            foreach (var (command, whyNot) in LocalCommands.Table(CommandLine.CreateRoot(terminal)))
            {
                terminal.WriteLine($"{command,-21}{(whyNot is null ? terminal.Paint("asks the server", Ansi.Green) : $"here alone: {whyNot}")}");
            }
        });

        return new Command("help", "Help on a topic.") { exitCodes, server };
    }
}
