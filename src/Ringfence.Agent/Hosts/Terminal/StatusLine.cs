using System.Globalization;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Model, window, cost, what is left, time, mode: as much of it as fits, the most wanted first.</summary>
internal static class StatusLine
{
    public static string Of(AgentSession session, TimeSpan worked, int width, Paint paint)
    {
        var window = PriceTable.Of(session.Model).ContextWindow;
        var filled = 100.0 * session.Conversation.Tokens / window;
        var spending = session.Spending;

        (int Rank, string Text, Func<string, string> Look)?[] parts =
        [
            (1, session.Model, paint.Quiet),
            (4, string.Create(CultureInfo.InvariantCulture, $"{filled:0} % of {window / 1000}k"), filled >= 80 ? paint.Warning : paint.Quiet),
            (2, Dollars(spending.SpentNanodollars), paint.Quiet),
            spending.LimitNanodollars is { } limit
                ? (3, $"{Dollars(limit - spending.SpentNanodollars)} left", (limit - spending.SpentNanodollars) * 5 < limit ? paint.Warning : paint.Quiet) : null,
            worked > TimeSpan.Zero ? (5, Activity.Brief(worked), paint.Quiet) : null,
            (0, Mode(session.Permissions.Mode), session.Permissions.Mode == PermissionMode.BypassPermissions ? paint.Error : session.Permissions.Mode == PermissionMode.Default ? paint.Quiet : paint.Accent),
            (6, "/help", paint.Quiet),
        ];

        var shown = parts.OfType<(int Rank, string Text, Func<string, string> Look)>().ToList();

        while (shown.Sum(p => TextWidth.Of(p.Text) + 3) - 3 > width && shown.Count > 1)
        {
            shown.Remove(shown.MaxBy(p => p.Rank));
        }

        return string.Join(paint.Quiet(" · "), shown.Select(p => p.Look(TextWidth.Cut(TextWidth.Safe(p.Text), width))));
    }

    public static string Dollars(long nanodollars) => string.Create(CultureInfo.InvariantCulture, $"${nanodollars / 1_000_000_000m:0.00##}");

    private static string Mode(PermissionMode mode) => mode switch
    {
        PermissionMode.Default => "asks before changes",
        PermissionMode.AcceptEdits => "accepts edits",
        PermissionMode.Plan => "plans only",
        PermissionMode.DontAsk => "asks nothing, refuses instead",
        _ => "bypasses permissions",
    };
}
