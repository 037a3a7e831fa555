using System.CommandLine;
using System.Globalization;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Review;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence waive</c>: decisions that a gate need not stop something for a while; listed, signed, taken back.</summary>
internal static class WaiveCommand
{
    public static Command Create(Terminal terminal)
    {
        var gate = new Argument<string?>("gate") { Description = "Gate of the finding, such as size. Default: lists all waivers.", HelpName = "GATE", Arity = ArgumentArity.ZeroOrOne };
        var place = new Argument<string?>("place") { Description = "Path or glob of the finding; . is the change as a whole.", HelpName = "PLACE", Arity = ArgumentArity.ZeroOrOne };
        var reason = new Option<string?>("--reason") { Description = "Why. Goes on the record of every run that it lets pass.", HelpName = "TEXT" };
        var expires = new Option<string>("--expires") { Description = "For how long, at most 365d.", HelpName = "TIME", DefaultValueFactory = _ => "30d" };
        var repo = new Option<string?>("--repo") { Description = "Only in this repository, as runs name it. Default: everywhere.", HelpName = "REPOSITORY" };
        var revoke = new Option<string?>("--revoke") { Description = "Take a waiver back.", HelpName = "ID" };
        var json = CommandActions.Json();

        var command = new Command(
            "waive",
            """
            Lets findings of a gate pass for a while, on your name; alone it lists what is waived.

            A waiver counts in no run of whoever gave it. That checks and approvals speak of what is published cannot be waived.

            Examples:
              ringfence waive size . --reason "One-time rename" --expires 7d --repo /srv/app
              ringfence waive auto_executing 'build/**' --reason "Reviewed by infra"
              ringfence waive --revoke wvr_0123456789abcdef
            """) { gate, place, reason, expires, repo, revoke, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var waivers = new WaiverStore(home.Database, TimeProvider.System);

            if (!(await ApproveCommand.PersonAsync(home, cancellationToken)).Succeeded(out var person, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            if (parsed.GetValue(revoke) is { } id)
            {
                if (!await waivers.RevokeAsync(id, person.Principal, cancellationToken))
                {
                    terminal.WriteFailures([new Failure("unknown_waiver", $"There is no waiver {Printable.Escape(id)} in force.", "ringfence waive")]);
                    return ExitCodes.BadInput;
                }

                terminal.WriteLine($"{id} is taken back.");
                return ExitCodes.Done;
            }

            if (parsed.GetValue(gate) is not { } name)
            {
                Write(terminal, await waivers.ListAsync(cancellationToken), parsed.GetValue(json));
                return ExitCodes.Done;
            }

            var life = Duration.TryParse(parsed.GetRequiredValue(expires), out var time) && time <= WaiverStore.Longest ? time : TimeSpan.Zero;
            var waiver = new Waiver(name, parsed.GetValue(place) ?? "", person.Principal, parsed.GetValue(reason) ?? "", TimeProvider.System.GetUtcNow() + life);

            if (!(await waivers.AddAsync(waiver, parsed.GetValue(repo), person, cancellationToken)).Succeeded(out var known, out why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            Write(terminal, [known], parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    public static void Write(Terminal terminal, IReadOnlyList<KnownWaiver> waivers, bool json)
    {
        if (json)
        {
            terminal.WriteJson([.. waivers.Select(WaiverView.Of)], AppJson.Default.IReadOnlyListWaiverView);
            return;
        }

        foreach (var known in waivers)
        {
            var state = !known.IsGenuine ? terminal.Paint("not signed by this installation", Ansi.Red)
                : known.RevokedBy is { } by ? $"taken back by {by}"
                : known.Waiver.Expires <= TimeProvider.System.GetUtcNow() ? "over"
                : string.Create(CultureInfo.InvariantCulture, $"until {known.Waiver.Expires:yyyy-MM-dd HH:mm}Z");
            terminal.WriteLine(Printable.EscapeLines($"{known.Id}  {known.Waiver.Gate} at {known.Waiver.Place}{(known.Repository is { } where ? $" in {where}" : "")}, by {known.Waiver.By}: {known.Waiver.Reason}  ") + state);
        }

        if (waivers.Count == 0)
        {
            terminal.WriteLine("Nothing is waived.");
        }
    }
}
