using System.Text;
using Ringfence.Approvals;
using Ringfence.Client;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Workspaces;

namespace Ringfence.App.Remote;

/// <summary>A run of a server as our own views show runs.</summary>
internal static class RemoteRun
{
    public static Run Of(RunInfo info) => new()
    {
        Id = new RunId(info.Id),
        Request = new RunRequest
        {
            Prompt = info.Prompt,
            Repository = info.Repo,
            Ref = info.Branch,
            Agent = info.Agent,
            Model = info.Model,
            Workflow = info.Workflow,
            Limits = new RunLimits
            {
                Cost = Money.FromDollars(info.Guardrails.MaxCostUsd ?? 0),
                Turns = info.Guardrails.MaxTurns ?? 0,
                Time = TimeSpan.FromSeconds(info.Guardrails.TimeoutSeconds ?? 0),
            },
            Done = info.Done,
            Output = OutputName.Read(info.Output) ?? OutputKind.None,
            RequestedBy = info.RequestedBy,
        },
        Status = Enum.Parse<RunStatus>(info.Phase, ignoreCase: true),
        Reason = info.FailReason is { } reason && Enum.TryParse<FailReason>(reason.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var known) ? known : null,
        Message = info.Error?.Message,
        CreatedAt = info.CreatedAt,
        StartedAt = info.StartedAt,
        EndedAt = info.CompletedAt,
        BaseCommit = info.BaseCommit,
        Tree = info.Tree,
        ChangeDigest = info.ChangeDigest,
        Published = info.Outputs.Count > 0 ? info.Outputs[0].Place : null,
        Cost = Money.FromDollars(info.Usage.TotalCostUsd),
        Turns = info.Usage.Agent.NumTurns,
    };

    public static Approval Of(ApprovalInfo info) => new(
        info.Id, new RunId(info.Run), Enum.Parse<ApprovalKind>(info.Kind, ignoreCase: true), info.Digest, info.Shown, [], Enum.Parse<ApprovalStatus>(info.Status, ignoreCase: true),
        info.RequestedBy, null, info.RequestedAt, info.ExpiresAt);

    public static ChangeSet Of(ChangedFiles files) => new(
        files.Base, files.Tree, files.Digest,
        [
            .. files.Files.Select(file => new FileChange(
                new GitPath(Encoding.UTF8.GetBytes(file.Path)), Enum.Parse<FileOperation>(file.Operation, ignoreCase: true), null, null, 0, file.LinesAdded, file.LinesRemoved)),
        ]);
}
