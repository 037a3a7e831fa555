using System.CommandLine;
using System.Globalization;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;

namespace Ringfence.App.Commands.Audit;

/// <summary>What every question can be narrowed by, and how its answer is printed.</summary>
internal sealed class AuditFilterOptions
{
    private readonly Option<string?> run = new("--run") { Description = "One run: its id or an unambiguous start of it.", HelpName = "RUN" };
    private readonly Option<string?> workflow = new("--workflow") { Description = "Runs of one workflow.", HelpName = "NAME" };
    private readonly Option<string?> since = new("--since") { Description = "From a time on: 30m, 12h, 7d, or 2026-01-31[T12:00].", HelpName = "TIME" };
    private readonly Option<string?> until = new("--until") { Description = "Before a time.", HelpName = "TIME" };
    private readonly Option<int> limit = new("--limit", "-n") { Description = "Rows at most.", DefaultValueFactory = _ => 100 };
    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line." };
    private readonly Option<bool> csv = new("--csv") { Description = "CSV with a heading." };

    public AuditFilterOptions() => limit.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is < 1 or > 100_000)
        {
            result.AddError("--limit is a whole number from 1 to 100000.");
        }
    });

    public IEnumerable<Option> All => [run, workflow, since, until, limit, json, csv];

    /// <summary>Options of answers that are not narrowed by run and workflow.</summary>
    public IEnumerable<Option> Printing => [limit, json, csv];

    public TableForm Form(ParseResult parsed) => parsed.GetValue(json) ? TableForm.Json : parsed.GetValue(csv) ? TableForm.Csv : TableForm.Text;

    public int Limit(ParseResult parsed) => parsed.GetValue(limit);

    public async Task<Result<AuditFilter>> ReadAsync(ParseResult parsed, Home home, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        string? id = null;

        if (parsed.GetValue(run) is { } prefix)
        {
            if ((await home.Runs.FindAsync(prefix, cancellationToken)).Succeeded(out var found, out var why))
            {
                id = found.Id.Value;
            }
            else
            {
                failures.AddRange(why);
            }
        }

        var filter = new AuditFilter
        {
            Run = id,
            Workflow = parsed.GetValue(workflow),
            Since = Time("--since", parsed.GetValue(since), failures),
            Until = Time("--until", parsed.GetValue(until), failures),
            Limit = parsed.GetValue(limit),
        };

        return failures.Count > 0 ? Result.Fail<AuditFilter>(failures) : filter;
    }

    /// <summary>A time as people write it, in microseconds UTC: how long ago, or a date, in local time unless it says otherwise.</summary>
    public static long? Time(string flag, string? text, List<Failure> failures)
    {
        if (text is null)
        {
            return null;
        }

        var now = TimeProvider.System.GetUtcNow();

        if (text.Length > 1 && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count < 100_000 && Unit(text[^1]) is { } unit)
        {
            return Microseconds(now - (unit * count));
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time))
        {
            return Microseconds(time);
        }

        failures.Add(new Failure("bad_time", $"{flag} cannot be '{Printable.Escape(text)}'.", "Write 30m, 12h, 7d, or a date such as 2026-01-31."));
        return null;
    }

    private static TimeSpan? Unit(char letter) => letter switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        'w' => TimeSpan.FromDays(7),
        _ => null,
    };

    private static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
