namespace Ringfence.Audit;

/// <summary>A word by which an event is found again: a path, a host, a program, a digest…</summary>
/// <param name="Kind">One of <see cref="TermKinds"/>.</param>
public readonly record struct Term(string Kind, string Text);

/// <summary>Stored names. Add, never rename.</summary>
public static class TermKinds
{
    public const string Path = "path";
    public const string Read = "read";
    public const string Host = "host";
    public const string DeniedHost = "denied";
    public const string Secret = "secret";
    public const string Program = "program";
    public const string Arguments = "argv";
    public const string FailedProgram = "failed";
    public const string Digest = "digest";
    public const string Commit = "commit";
    public const string Gate = "gate";
    public const string Scope = "scope";
    public const string Person = "person";
    public const string Tool = "tool";

    /// <summary>The event's own type, for types of which a run has few.</summary>
    public const string Type = "type";
}

/// <summary>What one model call adds to the spend of its run, day and model.</summary>
public readonly record struct CallSpend(
    string Provider, string Model, long InputTokens, long CacheReadTokens, long CacheWriteTokens, long OutputTokens, long CostNanodollars);

/// <summary>
/// Tells under which words a fact is found, and what it spent. One per run, fed in order: what finishes is found by what it began as.
/// The words are derived from the events and can be built anew from them; the proof is in the events alone.
/// </summary>
public sealed class FactIndex
{
    private readonly Dictionary<(string Sandbox, long Command), string> running = [];
    private readonly Dictionary<string, (string Provider, string Model)> calls = [];

    public IReadOnlyList<Term> Terms(AuditFact fact)
    {
        switch (fact)
        {
            case CommandStarted started:
                running[(started.Sandbox, started.Command)] = started.Executable;
                return [new(TermKinds.Program, started.Executable), new(TermKinds.Arguments, string.Join(' ', started.Arguments))];

            case CommandFinished finished:
                return running.Remove((finished.Sandbox, finished.Command), out var program) && finished is { Known: true, ExitCode: not 0 }
                    ? [new(TermKinds.FailedProgram, program)]
                    : [];

            case FileChanged changed:
                return [new(TermKinds.Path, changed.Path)];
            case FileRead read:
                return [new(TermKinds.Read, read.Path)];
            case NetworkConnection connection:
                return [new(connection.Allowed ? TermKinds.Host : TermKinds.DeniedHost, connection.Host)];
            case ModelRequested request:
                calls[request.Call] = (request.Provider, request.ModelUsed);
                return [];
            case NetworkOpened or ToolCalled or ToolReturned or ModelResponded or ModelReplayed or ModelFailed or AgentSaid or ContextComposed or BudgetReserved
                or BudgetSettled or BudgetClamped:
                return [];
            default:
                return [new(TermKinds.Type, fact.Type), .. Rare(fact)];
        }
    }

    /// <summary>What a finished call spent; null for every other fact. A call is asked about once.</summary>
    public CallSpend? Spend(AuditFact fact)
    {
        if (fact is not ModelResponded response)
        {
            return null;
        }

        var (provider, model) = calls.Remove(response.Call, out var asked) ? asked : ("", "");
        return new(
            provider, model, response.InputTokens, response.CacheReadTokens, response.CacheWrite5mTokens + response.CacheWrite1hTokens,
            response.OutputTokens, response.CostNanodollars);
    }

    private static IEnumerable<Term> Rare(AuditFact fact) => fact switch
    {
        SecretUsed used => [new(TermKinds.Secret, used.Name)],
        SecretLeakBlocked leak => [new(TermKinds.Secret, leak.Name)],
        ApprovalRequested requested => [new(TermKinds.Digest, requested.Digest)],
        ApprovalDecided decided => [new(TermKinds.Digest, decided.Digest), new(TermKinds.Person, decided.By)],
        ApprovalVoided voided => [new(TermKinds.Digest, voided.Digest)],
        ApprovalExpired expired => [new(TermKinds.Digest, expired.Digest)],
        GateFinding finding => [new(TermKinds.Gate, finding.Gate)],
        GateWaived waived => [new(TermKinds.Gate, waived.Gate), new(TermKinds.Person, waived.By)],
        CommitCreated commit => [new(TermKinds.Commit, commit.Commit)],
        BranchCreated branch => [new(TermKinds.Commit, branch.Commit)],
        PullRequestOpened pull => [new(TermKinds.Commit, pull.Commit), new(TermKinds.Commit, pull.Url)],
        BudgetDenied denied => [new(TermKinds.Scope, denied.Scope)],
        BudgetKilled killed => [new(TermKinds.Scope, killed.Scope), new(TermKinds.Person, killed.By)],
        BudgetFrozen frozen => [new(TermKinds.Scope, frozen.Scope)],
        BudgetThreshold threshold => [new(TermKinds.Scope, threshold.Scope)],
        RunRequested requested => [new(TermKinds.Person, requested.RequestedBy)],
        PolicyChanged policy => [new(TermKinds.Person, policy.By)],
        _ => [],
    };
}
