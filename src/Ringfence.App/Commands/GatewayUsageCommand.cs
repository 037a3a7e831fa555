using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Gateway;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence gateway usage</c>: who used what, for a bill.</summary>
internal static class GatewayUsageCommand
{
    private static readonly string[] Groups = ["key", "team", "model"];

    public static Command Create(Terminal terminal)
    {
        var by = new Option<string?>("--by") { Description = "Sums by key, team or model. Default: a line for each key and model.", HelpName = "key|team|model" };
        var json = CommandActions.Json();
        var command = new Command("usage", "What was used, by key, team and model.") { by, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var group = parsed.GetValue(by);

            if (group is not null && !Groups.Contains(group))
            {
                terminal.WriteFailures([new Failure("bad_group", $"--by cannot be '{Printable.Escape(group)}'.", "One of: key, team, model.")]);
                return ExitCodes.BadInput;
            }

            var usage = GatewayUsage.By(group, await new GatewayKeyStore(home.Database, TimeProvider.System).UsageAsync(cancellationToken));

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(usage, GatewayJson.Default.IReadOnlyListGatewayUsage);
                return ExitCodes.Done;
            }

            foreach (var u in usage)
            {
                terminal.WriteLine($"{Printable.Escape(u.Name ?? "-"),-20} {Printable.Escape(u.Team ?? "-"),-12} {Printable.Escape(u.Model ?? "-"),-30} {u.Calls,8} calls {u.InputTokens + u.CacheReadTokens + u.CacheWriteTokens,12} in {u.OutputTokens,10} out {u.Cost,12}");
            }

            return ExitCodes.Done;
        });

        return command;
    }
}
