using System.CommandLine;
using System.Text.Json;
using Ringfence.App.Api;
using Ringfence.App.Cli;
using Ringfence.Client;
using Ringfence.Triggers;
using Ringfence.Workflows;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence triggers</c>: what starts by itself, what arrived, and what waits to be let in.</summary>
internal static class TriggersCommand
{
    private const int Shown = 20;

    public static Command Create(Terminal terminal)
    {
        var json = CommandActions.Json();
        var command = new Command(
            "triggers",
            """
            Shows when schedules fire next and what arrived last; lets in what strangers sent.

            The server's policy.yaml names the repositories: triggers: { app: { repo: https://github.com/acme/app, secret: APP_HOOK_SECRET } }. Their
            workflows say what starts them (on:), and `ringfence serve` takes webhooks at /v1/hooks/app.

            Examples:
              ringfence triggers
              ringfence triggers accept app:5d1c9f30-…
            """) { json, Decide(terminal, "accept", "Lets in what is held: its runs start.", letsIn: true), Decide(terminal, "refuse", "Refuses for good what is held.", letsIn: false) };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            Write(terminal, await TriggersResource.OfAsync(new TriggerStore(home.Database, TimeProvider.System), TriggersApi.Shown, cancellationToken), parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    public static void Write(Terminal terminal, TriggersInfo triggers, bool json)
    {
        if (json)
        {
            terminal.WriteLine(JsonSerializer.Serialize(triggers, ApiJson.Default.TriggersInfo));
            return;
        }

        if (triggers.Schedules.Count + triggers.Deliveries.Count == 0)
        {
            terminal.WriteLine("Nothing starts by itself, and nothing has arrived. See: ringfence triggers --help");
        }

        foreach (var row in triggers.Schedules)
        {
            terminal.WriteLine($"{terminal.Paint("next    ", Ansi.Cyan)}  {row.Next.ToLocalTime():yyyy-MM-dd HH:mm}  {row.Trigger}  {Printable.Escape(row.Workflow)}  {Printable.Escape(row.Cron)}");
        }

        foreach (var delivery in triggers.Deliveries.Take(Shown))
        {
            var ansi = delivery.Status switch { "started" => Ansi.Green, "failed" or "missed" => Ansi.Red, "held" => Ansi.Yellow, _ => Ansi.Dim };
            var what = delivery.Workflow ?? $"{delivery.Event}{(delivery.Number > 0 ? $" #{delivery.Number}" : "")} by {delivery.Author}: {delivery.Title}";
            var after = delivery.Status == "held" ? $"ringfence triggers accept {delivery.Id}" : delivery.Runs.Count > 0 ? string.Join(' ', delivery.Runs) : delivery.Detail ?? "";
            terminal.WriteLine($"{terminal.Paint($"{delivery.Status,-8}", ansi)}  {delivery.ReceivedAt.ToLocalTime():yyyy-MM-dd HH:mm}  {delivery.Trigger}  {Cut(Printable.EscapeLines(what.ReplaceLineEndings(" ")))}  {Printable.EscapeLines(after)}");
        }
    }

    public static void WriteDecided(Terminal terminal, string delivery, bool letsIn) =>
        terminal.WriteLine(letsIn ? $"{delivery} is let in; the next server that looks starts its runs." : $"{delivery} is refused.");

    private static string Cut(string text) => text.Length <= 60 ? text : text[..59] + "…";

    private static Command Decide(Terminal terminal, string name, string description, bool letsIn)
    {
        var id = new Argument<string>("id") { Description = "As `ringfence triggers` shows it.", HelpName = "DELIVERY" };
        var command = new Command(name, description) { id };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var person = await ApproveCommand.PersonAsync(home, cancellationToken);
            var policy = PolicyFile.Of(home.Folder);
            var refused = person.IsFailure || policy.IsFailure ? null
                : await TriggerDecision.DecideAsync(new TriggerStore(home.Database, TimeProvider.System), policy.Value.Triggers, parsed.GetRequiredValue(id), letsIn, person.Value, cancellationToken);
            Failure[] failures = [.. person.Failures, .. policy.Failures, .. refused is null ? [] : new[] { refused }];

            if (failures.Length > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            WriteDecided(terminal, parsed.GetRequiredValue(id), letsIn);
            return ExitCodes.Done;
        });

        return command;
    }
}
