using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Client;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Remote;

/// <param name="Options">What it understands; anything else that was typed is refused rather than left out silently.</param>
internal sealed record RemoteCommand(IReadOnlyList<string> Options, Func<RemoteCall, CancellationToken, Task<int>> RunAsync);

/// <summary>What commands do with a server. The words, views and JSON are those of this machine's commands.</summary>
internal static class RemoteCommands
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    public static RemoteCommand? Find(IReadOnlyList<string> words) => string.Join(' ', words) switch
    {
        "runs" => new(["--json", "--limit"], ListAsync),
        "run" => new(RemoteStart.Options, RemoteStart.RunAsync),
        "resume" => new(["--prompt", "--budget", "--turns", "--time", "--json", "--quiet"], RemoteStart.ResumeAsync),
        "show" => new(["--json"], ShowAsync),
        "logs" => new(["--follow", "--all", "--json"], LogsAsync),
        "diff" => new(["--stat", "--json"], DiffAsync),
        "cancel" => new(["--json"], CancelAsync),
        "approve" => new(["--yes", "--comment", "--json"], ApproveAsync),
        "reject" => new(["--digest", "--reason", "--json"], RejectAsync),
        _ => RemoteRecord.Find(words) ?? RemoteAdministration.Find(words),
    };

    private static async Task<int> ListAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var wanted = call.Value<int>("--limit");
        var runs = new List<Run>();

        for (var page = 1; runs.Count < wanted; page++)
        {
            var found = await call.Client.ListRunsAsync(new Dictionary<string, string> { ["page"] = $"{page}", ["limit"] = $"{Math.Min(100, wanted)}" }, cancellationToken);
            runs.AddRange(found.Data.Select(RemoteRun.Of));

            if (page >= found.Pagination.TotalPages)
            {
                break;
            }
        }

        RunsCommand.Write(call.Terminal, [.. runs.Take(wanted)], call.Json);
        return ExitCodes.Done;
    }

    private static async Task<int> ShowAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var run = RemoteRun.Of(await call.Client.GetRunAsync(await call.RunAsync("run", cancellationToken), cancellationToken));
        var changes = await ChangesAsync(call, run, cancellationToken);

        if (call.Json)
        {
            call.Terminal.WriteJson(RunView.Of(run, changes), AppJson.Default.RunView);
            return ExitCodes.Done;
        }

        var events = new List<AuditEvent>();

        await foreach (var happened in call.Client.EventsAsync(run.Id.Value, follow: false, cancellationToken: cancellationToken))
        {
            if (AuditEvent.TryParse(System.Text.Encoding.UTF8.GetBytes(happened.Json)) is { } parsed)
            {
                events.Add(parsed);
            }
        }

        ShowCommand.Write(call.Terminal, run, changes, events);
        return ExitCodes.Done;
    }

    private static async Task<int> LogsAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var run = await call.RunAsync("run", cancellationToken);
        var lines = new LogLines(call.Terminal, call.Json, call.Value<bool>("--all"));

        await foreach (var happened in call.Client.EventsAsync(run, follow: call.Value<bool>("--follow"), cancellationToken: cancellationToken))
        {
            if (AuditEvent.TryParse(System.Text.Encoding.UTF8.GetBytes(happened.Json)) is { } parsed)
            {
                lines.Write(parsed);
            }
        }

        return ExitCodes.Done;
    }

    private static async Task<int> DiffAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var run = await call.RunAsync("run", cancellationToken);

        if (call.Json)
        {
            var changes = RemoteRun.Of(await call.Client.GetChangesAsync(run, cancellationToken));
            call.Terminal.WriteJson(RunView.Of(RemoteRun.Of(await call.Client.GetRunAsync(run, cancellationToken)), changes), AppJson.Default.RunView);
            return ExitCodes.Done;
        }

        await call.Terminal.Output.FlushAsync(cancellationToken);
        await using var output = Console.OpenStandardOutput();

        if (!call.Terminal.OutputIsTerminal)
        {
            await call.Client.CopyDiffAsync(run, output, call.Value<bool>("--stat"), cancellationToken);
            return ExitCodes.Done;
        }

        // A diff must not draw on the terminal.
        using var whole = new MemoryStream();
        await call.Client.CopyDiffAsync(run, whole, call.Value<bool>("--stat"), cancellationToken);
        call.Terminal.WriteLine(Printable.EscapeLines(System.Text.Encoding.UTF8.GetString(whole.ToArray())));
        return ExitCodes.Done;
    }

    private static async Task<int> CancelAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var run = await call.RunAsync("run", cancellationToken);
        await call.Client.CancelRunAsync(run, cancellationToken);
        CancelCommand.Write(call.Terminal, run, call.Json);
        return ExitCodes.Done;
    }

    private static async Task<int> ApproveAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        if (call.Value<string>("run") is null)
        {
            ApprovalView.WriteList(call.Terminal, [.. (await call.Client.ListApprovalsAsync(cancellationToken: cancellationToken)).Select(RemoteRun.Of)], call.Json);
            return ExitCodes.Done;
        }

        var asked = await call.Client.GetApprovalAsync(await call.RunAsync("run", cancellationToken), cancellationToken);

        if (call.Value<string>("--yes") is { } digest)
        {
            var decided = await call.Client.DecideAsync(asked.Id, digest, approves: true, call.Value<string>("--comment"), cancellationToken);
            ApprovalView.WriteDecided(call.Terminal, RemoteRun.Of(decided), call.Json);
            return ExitCodes.Done;
        }

        // Exactly the bytes that the digest is over.
        call.Terminal.WriteLine(call.Json ? asked.Shown : Printable.EscapeLines(JsonNode.Parse(asked.Shown)!.ToJsonString(Readable)));
        call.Terminal.WriteLine(call.Json ? "" : $"digest {asked.Digest}, {asked.Status}; to agree: ringfence approve {asked.Run} --yes {asked.Digest}");
        return ExitCodes.Done;
    }

    private static async Task<int> RejectAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var asked = await call.Client.GetApprovalAsync(await call.RunAsync("run", cancellationToken), cancellationToken);
        var decided = await call.Client.DecideAsync(asked.Id, call.Value<string>("--digest")!, approves: false, call.Value<string>("--reason"), cancellationToken);
        ApprovalView.WriteDecided(call.Terminal, RemoteRun.Of(decided), call.Json);
        return ExitCodes.Done;
    }

    private static async Task<ChangeSet?> ChangesAsync(RemoteCall call, Run run, CancellationToken cancellationToken)
    {
        try
        {
            return RemoteRun.Of(await call.Client.GetChangesAsync(run.Id.Value, cancellationToken));
        }
        catch (RingfenceException none) when (none.Problem.Status == 404)
        {
            return null;
        }
    }
}
