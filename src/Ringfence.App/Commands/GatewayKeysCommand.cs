using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Gateway;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence gateway keys create|list|revoke</c>.</summary>
internal static class GatewayKeysCommand
{
    public static Command Create(Terminal terminal) =>
        new("keys", "Keys for callers of the gateway, each with its own budget.") { New(terminal), List(terminal), Revoke(terminal) };

    private static Command New(Terminal terminal)
    {
        var name = new Option<string>("--name") { Description = "What the key is for.", Required = true };
        var owner = new Option<string?>("--owner") { Description = "Whose it is. Default: you." };
        var team = new Option<string?>("--team") { Description = "The team whose budgets pay as well." };
        var budget = new Option<string?>("--budget") { Description = "Dollars at list price. Default: no limit by the key.", HelpName = "DOLLARS" };
        var per = new Option<string?>("--per") { Description = "Window of the budget: day or month. Default: once and for all.", HelpName = "day|month" };
        var rate = new Option<int?>("--requests-per-minute") { Description = "Default: no limit.", HelpName = "N" };
        var models = new Option<string[]>("--model") { Description = "A model it may use. Repeatable. Default: every model with a price.", HelpName = "NAME" };
        var json = CommandActions.Json();
        var command = new Command("create", "Makes a key and shows it, once.") { name, owner, team, budget, per, rate, models, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var failures = new List<Failure>();
            var money = default(Money);

            if (parsed.GetValue(budget) is { } text && !Money.TryParse(text, out money))
            {
                failures.Add(new Failure("bad_money", $"--budget: '{text}' is not an amount of dollars."));
            }

            if (parsed.GetValue(per) is not (null or "day" or "month"))
            {
                failures.Add(new Failure("bad_window", "--per is day or month."));
            }

            if (parsed.GetValue(rate) < 1)
            {
                failures.Add(new Failure("bad_rate", "--requests-per-minute is at least 1."));
            }

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            var (key, secret) = await Store(home).CreateAsync(
                parsed.GetRequiredValue(name), parsed.GetValue(owner) ?? Home.User, parsed.GetValue(team), parsed.GetValue(budget) is null ? null : money,
                parsed.GetValue(per), parsed.GetValue(rate), parsed.GetValue(models) ?? [], cancellationToken);

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new CreatedKeyView(key.Id, secret, key.Name), GatewayJson.Default.CreatedKeyView);
            }
            else
            {
                terminal.WriteLine(secret);
                terminal.Error.WriteLine($"Key {key.Id}. It is shown this once.");
            }

            return ExitCodes.Done;
        });

        return command;
    }

    private static Command List(Terminal terminal)
    {
        var json = CommandActions.Json();
        var command = new Command("list", "Every key, without the keys themselves.") { json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var keys = await Store(home).ListAsync(cancellationToken);

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(keys, GatewayJson.Default.IReadOnlyListGatewayKey);
                return ExitCodes.Done;
            }

            foreach (var key in keys)
            {
                terminal.WriteLine($"{key.Id}  {Printable.Escape(key.Name),-20} {Printable.Escape(key.Owner),-24} {key.Budget?.ToString() ?? "no limit",10}{(key.Window is null ? "" : " per " + key.Window)}{(key.Revoked is null ? "" : "  revoked")}");
            }

            return ExitCodes.Done;
        });

        return command;
    }

    private static Command Revoke(Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "The key's id, as `keys list` prints it.", HelpName = "ID" };
        var command = new Command("revoke", "Ends a key. Gateways that run refuse it within a second and cut its calls.") { id };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (await Store(home).RevokeAsync(parsed.GetRequiredValue(id), cancellationToken))
            {
                terminal.WriteLine($"{parsed.GetRequiredValue(id)} is revoked.");
                return ExitCodes.Done;
            }

            terminal.WriteFailures([new Failure("unknown_key", $"{parsed.GetRequiredValue(id)} is not a key that is in use.")]);
            return ExitCodes.BadInput;
        });

        return command;
    }

    private static GatewayKeyStore Store(Home home) => new(home.Database, TimeProvider.System);
}
