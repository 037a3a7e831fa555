using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.Budgets;
using Ringfence.Client;
using Ringfence.Review;

namespace Ringfence.App.Remote;

/// <summary>Budgets, stops, waivers, keys and triggers of a server.</summary>
internal static class RemoteAdministration
{
    public static RemoteCommand? Find(IReadOnlyList<string> words) => string.Join(' ', words) switch
    {
        "kill" => new(["--lift"], KillAsync),
        "budget show" => new(["--json"], BudgetsAsync),
        "budget set" => new([], SetBudgetAsync),
        "budget thaw" => new([], ThawAsync),
        "waive" => new(["--reason", "--expires", "--repo", "--revoke", "--json"], WaiveAsync),
        "keys create" => new(["--role", "--json"], CreateKeyAsync),
        "keys list" => new(["--json"], ListKeysAsync),
        "keys revoke" => new([], RevokeKeyAsync),
        "triggers" => new(["--json"], TriggersAsync),
        "triggers accept" => new([], (call, token) => DecideTriggerAsync(call, true, token)),
        "triggers refuse" => new([], (call, token) => DecideTriggerAsync(call, false, token)),
        _ => null,
    };

    private static async Task<int> KillAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var (scope, lift) = (call.Value<string>("what")!, call.Value<bool>("--lift"));
        await call.Client.KillAsync(scope, lift, cancellationToken);
        call.Terminal.WriteLine(lift ? $"{scope} may go on." : $"{scope} is stopped.");
        return ExitCodes.Done;
    }

    private static async Task<int> BudgetsAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var budgets = await call.Client.ListBudgetsAsync(call.Value<string>("scope"), cancellationToken);
        BudgetCommand.Write(
            call.Terminal,
            [.. budgets.Select(b => new ScopeBalance(b.Scope, b.LimitUsd is { } limit ? Money.FromDollars(limit) : null, Money.FromDollars(b.SpentUsd), Money.FromDollars(b.HeldUsd), b.Stop))],
            call.Json);
        return ExitCodes.Done;
    }

    private static async Task<int> SetBudgetAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        if (!Money.TryParse(call.Value<string>("dollars")!, out var money))
        {
            call.Terminal.WriteFailures([new Failure("bad_money", $"'{call.Value<string>("dollars")}' is not an amount of dollars.")]);
            return ExitCodes.BadInput;
        }

        await call.Client.SetBudgetAsync(call.Value<string>("scope")!, money.Dollars, cancellationToken);
        call.Terminal.WriteLine($"{call.Value<string>("scope")} may spend {money}.");
        return ExitCodes.Done;
    }

    private static async Task<int> ThawAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        await call.Client.ThawAsync(call.Value<string>("scope")!, cancellationToken);
        call.Terminal.WriteLine($"{call.Value<string>("scope")} may spend again.");
        return ExitCodes.Done;
    }

    private static async Task<int> WaiveAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        if (call.Value<string>("--revoke") is { } id)
        {
            await call.Client.RevokeWaiverAsync(id, cancellationToken);
            call.Terminal.WriteLine($"{id} is taken back.");
            return ExitCodes.Done;
        }

        if (call.Value<string>("gate") is not { } gate)
        {
            WaiveCommand.Write(call.Terminal, [.. (await call.Client.ListWaiversAsync(cancellationToken)).Select(Known)], call.Json);
            return ExitCodes.Done;
        }

        if (!Duration.TryParse(call.Value<string>("--expires") ?? "", out var life))
        {
            call.Terminal.WriteFailures([new Failure("bad_waiver", $"--expires cannot be '{Printable.Escape(call.Value<string>("--expires") ?? "")}'.", "A time, such as 30d.")]);
            return ExitCodes.BadInput;
        }

        var made = await call.Client.WaiveAsync(
            new NewWaiver(gate, call.Value<string>("place") ?? "", call.Value<string>("--reason") ?? "", call.Value<string>("--repo"), (int)Math.Min(int.MaxValue, life.TotalSeconds)),
            cancellationToken);
        WaiveCommand.Write(call.Terminal, [Known(made)], call.Json);
        return ExitCodes.Done;
    }

    private static KnownWaiver Known(WaiverInfo info) => new(
        info.Id, new Waiver(info.Gate, info.Place, info.By, info.Reason, info.ExpiresAt), info.Repository, info.CreatedAt, info.RevokedBy, info.Genuine);

    private static async Task<int> CreateKeyAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        KeysCommand.WriteMade(call.Terminal, await call.Client.CreateKeyAsync(new NewKey(call.Value<string>("name")!, call.Value<string>("--role")!), cancellationToken), call.Json);
        return ExitCodes.Done;
    }

    private static async Task<int> ListKeysAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        KeysCommand.Write(call.Terminal, await call.Client.ListKeysAsync(cancellationToken), call.Json);
        return ExitCodes.Done;
    }

    private static async Task<int> RevokeKeyAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        await call.Client.RevokeKeyAsync(call.Value<string>("id")!, cancellationToken);
        call.Terminal.WriteLine($"{call.Value<string>("id")} is revoked.");
        return ExitCodes.Done;
    }

    private static async Task<int> TriggersAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        TriggersCommand.Write(call.Terminal, await call.Client.ListTriggersAsync(cancellationToken), call.Json);
        return ExitCodes.Done;
    }

    private static async Task<int> DecideTriggerAsync(RemoteCall call, bool letsIn, CancellationToken cancellationToken)
    {
        await call.Client.DecideTriggerAsync(call.Value<string>("id")!, letsIn, cancellationToken);
        TriggersCommand.WriteDecided(call.Terminal, call.Value<string>("id")!, letsIn);
        return ExitCodes.Done;
    }
}
