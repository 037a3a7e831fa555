using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Budgets;
using Ringfence.Gateway;

namespace Ringfence.App.Commands;

/// <summary>
/// <c>ringfence kill</c>: cuts model calls and ends what makes them, within a second. Written to the store and as a file, so that either can be broken.
/// </summary>
internal static class KillCommand
{
    public static Command Create(Terminal terminal)
    {
        var scope = new Argument<string>("what")
        {
            Description = "A run's id, `all`, or a scope such as team:7 or workflow:nightly.",
            HelpName = "RUN|all|SCOPE",
        };

        var lift = new Option<bool>("--lift") { Description = "Ends the stop of a scope or of everything. A run that was killed stays so." };
        var command = new Command("kill", "Stops a run, a scope or everything, at once. What runs changed is kept.") { scope, lift };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var asked = parsed.GetRequiredValue(scope);
            var file = Path.Combine(GatewaySetup.KillFolder(Home.DefaultFolder), KillFile.Name(Scope(asked)));

            if (!parsed.GetValue(lift))
            {
                // First the file: it works when the store does not.
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await File.WriteAllTextAsync(file, $"{Home.User}\n", cancellationToken);
            }
            else if (File.Exists(file))
            {
                File.Delete(file);
            }

            return await RecordAsync(parsed, terminal, Scope(asked), parsed.GetValue(lift), cancellationToken);
        });

        return command;
    }

    private static async Task<int> RecordAsync(ParseResult parsed, Terminal terminal, string scope, bool lift, CancellationToken cancellationToken)
    {
        if (!(await Home.OpenAsync(parsed, terminal, cancellationToken)).Succeeded(out var home, out var why))
        {
            terminal.WriteFailures(why);
            terminal.Error.WriteLine("The stop is in the kill folder of this machine; gateways elsewhere have not been told.");
            return ExitCodes.Environment;
        }

        await using (home)
        {
            var book = new BudgetBook(home.Database, TimeProvider.System);

            if (lift)
            {
                await book.LiftAsync(scope, cancellationToken);
                terminal.WriteLine($"{scope} may go on.");
            }
            else
            {
                await book.StopAsync(scope, Home.User, cancellationToken);
                terminal.WriteLine($"{scope} is stopped.{(scope == ScopeKey.All ? " Until: ringfence kill all --lift" : "")}");
            }
        }

        return ExitCodes.Done;
    }

    private static string Scope(string asked) => asked == ScopeKey.All || asked.Contains(':', StringComparison.Ordinal) ? asked : $"run:{asked}";
}
