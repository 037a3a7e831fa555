using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Budgets;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence budget</c>: what scopes may spend and have spent.</summary>
internal static class BudgetCommand
{
    public static Command Create(Terminal terminal) =>
        new("budget", "What scopes may spend, and have spent.") { Show(terminal), Set(terminal), Thaw(terminal) };

    private static Command Show(Terminal terminal)
    {
        var scope = new Argument<string?>("scope") { Description = "Only what is under it, such as team:7.", HelpName = "SCOPE", Arity = ArgumentArity.ZeroOrOne };
        var json = CommandActions.Json();
        var command = new Command("show", "Every scope with its limit, what was spent, and what calls in flight hold.") { scope, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var balances = await new BudgetBook(home.Database, TimeProvider.System).ListAsync(parsed.GetValue(scope), cancellationToken);

            Write(terminal, balances, parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    public static void Write(Terminal terminal, IReadOnlyList<ScopeBalance> balances, bool json)
    {
        if (json)
        {
            terminal.WriteJson(balances, GatewayJson.Default.IReadOnlyListScopeBalance);
            return;
        }

        // What many runs share comes before the many runs.
        var width = balances.Select(b => Printable.Escape(b.Key).Length).DefaultIfEmpty().Max();

        foreach (var b in balances.OrderBy(b => b.Key.StartsWith("run:", StringComparison.Ordinal)))
        {
            var held = b.Held > Money.Zero ? $"held {b.Held}" : "";
            terminal.WriteLine($"{Printable.Escape(b.Key).PadRight(width)}  {b.Spent,9} of {b.Limit?.ToString() ?? "no limit",-8}  {held,-12}  {b.Stop}".TrimEnd());
        }
    }

    private static Command Set(Terminal terminal)
    {
        var scope = new Argument<string>("scope") { Description = "KIND:NAME, KIND:NAME:day or KIND:NAME:month.", HelpName = "SCOPE" };
        var limit = new Argument<string>("dollars") { Description = "List-price dollars, such as 25 or 0.50.", HelpName = "DOLLARS" };
        var command = new Command("set", "Sets a limit, for the windows that are open and those to come.") { scope, limit };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var name = ScopeKey.Parse(parsed.GetRequiredValue(scope));
            var failures = new List<Failure>(name.Failures);

            if (!Money.TryParse(parsed.GetRequiredValue(limit), out var money))
            {
                failures.Add(new Failure("bad_money", $"'{parsed.GetRequiredValue(limit)}' is not an amount of dollars."));
            }

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            await new BudgetBook(home.Database, TimeProvider.System).SetAsync(name.Value, money, Home.User, cancellationToken);
            terminal.WriteLine($"{name.Value} may spend {money}.");
            return ExitCodes.Done;
        });

        return command;
    }

    private static Command Thaw(Terminal terminal)
    {
        var scope = new Argument<string>("scope") { Description = "The frozen scope, with its window, as `budget show` prints it.", HelpName = "SCOPE" };
        var command = new Command("thaw", "Lets a frozen scope spend again, after somebody has looked why a call cost more than its bound.") { scope };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (await new BudgetBook(home.Database, TimeProvider.System).ThawAsync(parsed.GetRequiredValue(scope), cancellationToken))
            {
                terminal.WriteLine($"{parsed.GetRequiredValue(scope)} may spend again.");
                return ExitCodes.Done;
            }

            terminal.WriteFailures([new Failure("not_frozen", $"{parsed.GetRequiredValue(scope)} is not frozen.")]);
            return ExitCodes.BadInput;
        });

        return command;
    }
}
