using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ringfence.Agent.Execution.Hooks;

/// <summary>Something of the user's that is asked or told when something happens: a command of the settings, or a function of the program that drives us.</summary>
internal abstract class Hook(string eventName, string? matcher)
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    public string EventName => eventName;

    public string? Matcher => matcher;

    public abstract string Shown { get; }

    public abstract Task<HookAnswer> RunAsync(JsonObject input, string? toolUseId, CancellationToken cancellationToken);

    /// <param name="value">The name of a tool, the source of a session, …; null when the event has nothing to match.</param>
    public bool Matches(string? value)
    {
        if (matcher is null or "" or "*" || value is null)
        {
            return true;
        }

        try
        {
            return Regex.IsMatch(value, $"^(?:{matcher})$", RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException)
        {
            return matcher == value;
        }
        catch (RegexMatchTimeoutException)
        {
            return true; // A hook that forbids must not be got round by a name that its matcher is slow at.
        }
    }
}

/// <param name="Output">What it printed, for those who watch.</param>
/// <param name="Json">Its answer, when it gave one.</param>
/// <param name="Blocks">Why it said no; null when it did not.</param>
internal sealed record HookAnswer(string Output, JsonObject? Json, string? Blocks, int ExitCode, string? Error = null)
{
    public static readonly HookAnswer Nothing = new("", null, null, 0);
}
