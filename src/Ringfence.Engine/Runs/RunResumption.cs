using Ringfence.Audit;
using Ringfence.Storage;
using Ringfence.Workspaces;

namespace Ringfence.Runs;

/// <summary>Goes on from an ended run: finds what it left, and makes the request of the run that continues. That run is then executed like any other.</summary>
public sealed class RunResumption(Database database, RunStore store, WorkspaceStore workspaces)
{
    /// <summary>
    /// Fails with <c>unknown_run</c>, <c>ambiguous_run</c>, <c>workspace_not_found</c>, or what <see cref="ResumeTerms.Resume"/> says.
    /// </summary>
    /// <param name="run">Run id, or an unambiguous start of it.</param>
    /// <param name="by">Who asks, as the entry point authenticated them.</param>
    public async Task<Result<RunRequest>> RequestAsync(string run, ResumeTerms terms, string by, CancellationToken cancellationToken)
    {
        if (!(await store.FindAsync(run, cancellationToken)).Succeeded(out var ended, out var why))
        {
            return Result.Fail<RunRequest>(why);
        }

        // A resumed run whose agent never spoke leaves the conversation as the run before had it.
        var sessions = await new AuditReader(database).FactsAsync<AgentSession>(ended.Id, cancellationToken);
        var request = terms.Resume(ended, sessions.Count > 0 ? sessions[^1].Session : ended.Request.Continues?.Session, by);
        var workspace = RunTransitions.HasEnded(ended.Status) ? await workspaces.OpenAsync(ended.Id, cancellationToken) : default;

        return workspace.IsFailure ? Result.Fail<RunRequest>([.. request.Failures, .. workspace.Failures]) : request;
    }
}
