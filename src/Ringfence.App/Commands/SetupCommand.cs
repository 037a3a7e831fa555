using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Runs;
using Ringfence.Setups;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence setup</c>: the layers that set-up commands made.</summary>
internal static class SetupCommand
{
    public static Command Create(Terminal terminal) =>
        new("setup", "What --setup commands prepared, and runs reuse.") { List(terminal), Clear(terminal) };

    private static Command List(Terminal terminal)
    {
        var json = CommandActions.Json();
        var command = new Command("list", "Every layer with its age, what it saves, and the command that made it.") { json };

        command.SetAction(parsed =>
        {
            var layers = new SetupLayers(Home.DefaultFolder, TimeProvider.System).All();
            var now = TimeProvider.System.GetUtcNow();

            if (parsed.GetValue(json))
            {
                terminal.WriteJson([.. layers.Select(found => SetupLayerView.Of(found.Layer, found.Used))], AppJson.Default.IReadOnlyListSetupLayerView);
                return;
            }

            foreach (var (layer, used) in layers)
            {
                terminal.WriteLine($"{layer.Key}  {Age(now - SetupLayerView.Of(layer, used).MadeAt),-9}  used {Age(now - used)} ago  took "
                    + $"{Duration.Show(TimeSpan.FromMicroseconds(layer.TookMicroseconds)),-7}  {Printable.Escape(layer.Repository)}: {Printable.EscapeLines(layer.Command)}");
            }

            if (layers.Count == 0)
            {
                terminal.WriteLine("No layer yet: ringfence run --setup COMMAND makes one.");
            }
        });

        return command;
    }

    private static Command Clear(Terminal terminal)
    {
        var key = new Argument<string?>("layer") { Description = "Only this one.", HelpName = "LAYER", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("clear", "Removes layers, so that the next run sets up anew. Refused while a run stands on one.") { key };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var going = (await home.Runs.SearchAsync(
                new RunQuery(1, 100, [.. Enum.GetValues<RunStatus>().Where(status => !RunTransitions.HasEnded(status))]), cancellationToken)).Runs;

            if (going.FirstOrDefault(run => run.Request.Setup is not null) is { } user)
            {
                terminal.WriteFailures([new Failure("setup_in_use", $"Run {user.Id} stands on a layer.", $"Wait for it, or end it: ringfence cancel {user.Id}.")]);
                return ExitCodes.BadInput;
            }

            var layers = new SetupLayers(home.Folder, TimeProvider.System);
            var removed = layers.All().Select(found => found.Layer.Key).Where(name => parsed.GetValue(key) is not { } only || name == only).Count(layers.Remove);

            if (parsed.GetValue(key) is { } asked && removed == 0)
            {
                terminal.WriteFailures([new Failure("unknown_layer", $"There is no layer '{Printable.Escape(asked)}'.", "`ringfence setup list` lists them.")]);
                return ExitCodes.BadInput;
            }

            terminal.WriteLine(removed == 1 ? "1 layer removed." : $"{removed} layers removed.");
            return ExitCodes.Done;
        });

        return command;
    }

    private static string Age(TimeSpan age) => Duration.Show(TimeSpan.FromSeconds(Math.Max(0, Math.Floor(age.TotalSeconds))));
}

/// <summary>A layer as <c>--json</c> shows it.</summary>
internal sealed record SetupLayerView(string Layer, string Repository, string Command, DateTimeOffset MadeAt, DateTimeOffset UsedAt, double TookSeconds, int LeftOut)
{
    public static SetupLayerView Of(SetupLayer layer, DateTimeOffset used) => new(
        layer.Key, layer.Repository, layer.Command, DateTimeOffset.UnixEpoch.AddMicroseconds(layer.MadeUs), used, layer.TookMicroseconds / 1e6, layer.LeftOut);
}
