using System.Data.Common;
using Microsoft.Extensions.Logging;
using Ringfence.Runs;
using Ringfence.Workflows;

namespace Ringfence.Triggers;

/// <summary>
/// Starts runs from what arrived and what came due. Workflows are read from the repository's default branch, never from what an event proposes. Every step can be
/// done again: a run has the delivery and the workflow as its key, so that a delivery which is worked on twice starts it once.
/// </summary>
/// <param name="enqueued">Told that there is work.</param>
public sealed partial class TriggerService(
    TriggerStore store, RunStore runs, RepositoryWorkflows repositories, Func<Result<ServerPolicy>> policy, Action enqueued, TimeProvider time, ILogger<TriggerService> logger)
{
    /// <summary>A schedule that no server was there for is made up for once, when it is no older than this.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>How often repositories are asked for their workflows' schedules.</summary>
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(1);

    private const int MostAttempts = 5;

    private readonly Dictionary<string, IReadOnlyList<(string Workflow, string Cron)>> schedules = [];
    private readonly Dictionary<string, string> told = [];
    private DateTimeOffset refreshed = DateTimeOffset.MinValue;

    /// <summary>Works until <paramref name="stopping"/>.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Look, time);

        try
        {
            do
            {
                try
                {
                    await WorkAsync(stopping);
                }
                catch (Exception unavailable) when (unavailable is DbException or IOException)
                {
                    // The rows are where they were.
                    StoreUnavailable(unavailable.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>Fires what is due and starts what has arrived.</summary>
    public async Task WorkAsync(CancellationToken cancellationToken)
    {
        if (!policy().Succeeded(out var rules, out var why))
        {
            PolicyUnreadable(why[0].Message);
            return;
        }

        if (rules.Triggers.Count > 0)
        {
            await FireAsync(rules, cancellationToken);
        }

        while (await store.ClaimAsync(cancellationToken) is { } delivery)
        {
            await StartAsync(delivery, rules, cancellationToken);
        }
    }

    private async Task FireAsync(ServerPolicy rules, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();

        if (now - refreshed >= Refresh)
        {
            refreshed = now;

            foreach (var source in rules.Triggers)
            {
                if ((await WorkflowsAsync(source, cancellationToken)).Succeeded(out var workflows, out var why))
                {
                    schedules[source.Name] = [.. workflows.SelectMany(workflow => workflow.On.Cron.Select(cron => (workflow.Name, cron)))];
                    await store.KeepOnlyAsync(source.Name, schedules[source.Name], cancellationToken);
                }
                else
                {
                    // What it was the last time goes on: a code host that is away for a minute stops no schedule.
                    RepositoryUnreadable(source.Name, why[0].Message);
                }
            }
        }

        foreach (var (workflow, cron, source) in rules.Triggers.SelectMany(source => schedules.GetValueOrDefault(source.Name, []).Select(known => (known.Workflow, known.Cron, source.Name))))
        {
            if (CronSchedule.Parse(cron).Succeeded(out var schedule) && schedule.Next(now) is { } following)
            {
                await store.FireAsync(source, workflow, cron, now, due => Judge(schedule, due, now), following, cancellationToken);
            }
        }
    }

    /// <summary>The last time that was missed counts; all before it are one with it.</summary>
    private static (string Status, string? Detail) Judge(CronSchedule schedule, DateTimeOffset due, DateTimeOffset now)
    {
        var oldest = now - LongestDelay;
        var isInTime = due >= oldest || schedule.Next(oldest) is { } later && later <= now;
        return isInTime ? ("received", due < now - TimeSpan.FromMinutes(1) ? $"was due at {due:yyyy-MM-dd HH:mm}Z" : null)
            : ("missed", $"was due at {due:yyyy-MM-dd HH:mm}Z, when no server was there");
    }

    private async Task StartAsync(Delivery delivery, ServerPolicy rules, CancellationToken cancellationToken)
    {
        if (rules.Triggers.FirstOrDefault(source => source.Name == delivery.Source) is not { } source)
        {
            await store.EndAsync(delivery.Id, "failed", "The server's policy has no such trigger any more.", [], cancellationToken);
            return;
        }

        if (!(await WorkflowsAsync(source, cancellationToken)).Succeeded(out var workflows, out var why))
        {
            RepositoryUnreadable(source.Name, why[0].Message);

            if (delivery.Attempts >= MostAttempts)
            {
                await store.EndAsync(delivery.Id, "failed", why[0].Message, [], cancellationToken);
            }

            return; // claimed for a while, and tried again then
        }

        var (started, problems) = (new List<string>(), new List<string>());

        foreach (var workflow in workflows.Where(workflow => workflow.On.IsStartedBy(delivery.Event, workflow.Name)))
        {
            if (!TriggeredRun.Of(source, workflow, delivery.Event, delivery.ApprovedBy, rules).Succeeded(out var request, out var refused))
            {
                problems.AddRange(refused.Select(failure => $"{workflow.Name}: {failure.Message}"));
                continue;
            }

            var key = $"trigger:{delivery.Id}:{workflow.Name}";

            // A key that is there already, if for a file that has changed since, is a run that was started before this process took over.
            started.Add((await runs.EnqueueAsync(request, key, cancellationToken)).Succeeded(out var accepted) ? accepted.Run.Id.Value : $"({workflow.Name}: started before)");
        }

        await store.EndAsync(
            delivery.Id, started.Count > 0 ? "started" : problems.Count > 0 ? "failed" : "ignored",
            problems.Count > 0 ? string.Join("; ", problems) : started.Count == 0 ? "no workflow is started by it" : delivery.Detail, started, cancellationToken);
        Started(delivery.Id, started.Count);
        enqueued();
    }

    /// <summary>The workflows of the default branch. One that has mistakes is none, and is said once.</summary>
    private async Task<Result<IEnumerable<Workflow>>> WorkflowsAsync(TriggerSource source, CancellationToken cancellationToken)
    {
        if (!(await repositories.ReadAsync(source.Repository, cancellationToken)).Succeeded(out var read, out var why))
        {
            return Result.Fail<IEnumerable<Workflow>>(why);
        }

        if (told.GetValueOrDefault(source.Name) != read.Commit)
        {
            told[source.Name] = read.Commit;

            foreach (var (name, failures) in read.Mistakes)
            {
                WorkflowUnreadable(source.Name, name, failures[0].Message);
            }
        }

        return Result.Of<IEnumerable<Workflow>>(read.Workflows.Values);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Delivery {Delivery} started {Runs} runs.")]
    private partial void Started(string delivery, int runs);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The repository of trigger {Source} cannot be read: {Error}")]
    private partial void RepositoryUnreadable(string source, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workflow {Workflow} of trigger {Source} has a mistake: {Error}")]
    private partial void WorkflowUnreadable(string source, string workflow, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The server's policy cannot be read: {Error}")]
    private partial void PolicyUnreadable(string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The store cannot be used: {Error}")]
    private partial void StoreUnavailable(string error);
}
