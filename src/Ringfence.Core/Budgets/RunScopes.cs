using Ringfence.Runs;

namespace Ringfence.Budgets;

/// <summary>A scope that pays for calls, without its window's date.</summary>
/// <param name="Limit">A limit that comes with the request; one that an operator set holds as well, and the lower counts.</param>
public sealed record PayingScope(string Name, Money? Limit = null);

/// <summary>Who pays for a run beside the run itself. A scope without a limit only counts.</summary>
public static class RunScopes
{
    public static IReadOnlyList<PayingScope> Of(RunRequest request)
    {
        var scopes = new List<PayingScope> { new($"repository:{request.Repository}:day") };

        if (request.Workflow is { } workflow)
        {
            scopes.Add(new($"workflow:{workflow}:day", request.WorkflowDay));
        }

        if (request.Team is { } team)
        {
            scopes.AddRange([new($"team:{team}:day"), new($"team:{team}:month")]);
        }

        return [.. scopes, new("organisation:default:day"), new("organisation:default:month")];
    }
}
