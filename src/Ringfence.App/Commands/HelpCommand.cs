using System.CommandLine;
using Ringfence.App.Cli;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence help exit-codes</c>: what scripts need and no flag shows.</summary>
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

        return new Command("help", "Help on a topic.") { exitCodes };
    }
}
