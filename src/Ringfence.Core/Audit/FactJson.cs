using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Ringfence.Audit;

/// <summary>
/// How each type of fact stands as JSON, written by the compiler: finding it out at run time would be most of the start of a short command. A fact that
/// is missing here is found by a test.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(RunRequested))]
[JsonSerializable(typeof(RunInputGiven))]
[JsonSerializable(typeof(ContextHidden))]
[JsonSerializable(typeof(ToolDenied))]
[JsonSerializable(typeof(RunAdmitted))]
[JsonSerializable(typeof(RunRejected))]
[JsonSerializable(typeof(RunStarted))]
[JsonSerializable(typeof(RunStateChanged))]
[JsonSerializable(typeof(WorkspacePrepared))]
[JsonSerializable(typeof(RunSalvaged))]
[JsonSerializable(typeof(RunEnded))]
[JsonSerializable(typeof(AgentSaid))]
[JsonSerializable(typeof(AgentFinished))]
[JsonSerializable(typeof(AgentConfigurationReplaced))]
[JsonSerializable(typeof(SetupFailed))]
[JsonSerializable(typeof(SetupPrepared))]
[JsonSerializable(typeof(AgentSession))]
[JsonSerializable(typeof(ModelRequested))]
[JsonSerializable(typeof(ModelResponded))]
[JsonSerializable(typeof(ModelFailed))]
[JsonSerializable(typeof(ContextComposed))]
[JsonSerializable(typeof(ContextChanged))]
[JsonSerializable(typeof(ToolCalled))]
[JsonSerializable(typeof(ToolReturned))]
[JsonSerializable(typeof(CommandStarted))]
[JsonSerializable(typeof(CommandFinished))]
[JsonSerializable(typeof(FileRead))]
[JsonSerializable(typeof(FileChanged))]
[JsonSerializable(typeof(NetworkOpened))]
[JsonSerializable(typeof(NetworkConnection))]
[JsonSerializable(typeof(SecretUsed))]
[JsonSerializable(typeof(SecretLeakBlocked))]
[JsonSerializable(typeof(SandboxEnded))]
[JsonSerializable(typeof(BudgetReserved))]
[JsonSerializable(typeof(BudgetClamped))]
[JsonSerializable(typeof(BudgetDenied))]
[JsonSerializable(typeof(BudgetSettled))]
[JsonSerializable(typeof(BudgetThreshold))]
[JsonSerializable(typeof(BudgetKilled))]
[JsonSerializable(typeof(BudgetFrozen))]
[JsonSerializable(typeof(CheckpointReached))]
[JsonSerializable(typeof(ApprovalRequested))]
[JsonSerializable(typeof(ApprovalDecided))]
[JsonSerializable(typeof(ApprovalVoided))]
[JsonSerializable(typeof(ApprovalExpired))]
[JsonSerializable(typeof(VerificationFinished))]
[JsonSerializable(typeof(GateFinding))]
[JsonSerializable(typeof(GateWaived))]
[JsonSerializable(typeof(PolicyChanged))]
[JsonSerializable(typeof(PriceChanged))]
[JsonSerializable(typeof(CommitCreated))]
[JsonSerializable(typeof(BranchCreated))]
[JsonSerializable(typeof(PullRequestOpened))]
[JsonSerializable(typeof(ArtifactProduced))]
[JsonSerializable(typeof(AuditQueried))]
[JsonSerializable(typeof(AuditExported))]
[JsonSerializable(typeof(RetentionPurged))]
[JsonSerializable(typeof(DigestSigned))]
[JsonSerializable(typeof(ModelReplayed))]
internal sealed partial class FactJson : JsonSerializerContext
{
    /// <summary>The shape of a type of event, or null when this program does not know it.</summary>
    public static JsonTypeInfo? Of(string type) => type switch
    {
        "run.requested" => Default.RunRequested,
        "run.input" => Default.RunInputGiven,
        "context.hidden" => Default.ContextHidden,
        "tool.denied" => Default.ToolDenied,
        "run.admitted" => Default.RunAdmitted,
        "run.rejected" => Default.RunRejected,
        "run.started" => Default.RunStarted,
        "run.state" => Default.RunStateChanged,
        "workspace.prepared" => Default.WorkspacePrepared,
        "run.salvaged" => Default.RunSalvaged,
        "run.ended" => Default.RunEnded,
        "agent.said" => Default.AgentSaid,
        "agent.finished" => Default.AgentFinished,
        "agent.configuration_replaced" => Default.AgentConfigurationReplaced,
        "setup.failed" => Default.SetupFailed,
        "setup.prepared" => Default.SetupPrepared,
        "agent.session" => Default.AgentSession,
        "model.request" => Default.ModelRequested,
        "model.response" => Default.ModelResponded,
        "model.error" => Default.ModelFailed,
        "context.composed" => Default.ContextComposed,
        "context.changed" => Default.ContextChanged,
        "tool.called" => Default.ToolCalled,
        "tool.returned" => Default.ToolReturned,
        "command.started" => Default.CommandStarted,
        "command.finished" => Default.CommandFinished,
        "file.read" => Default.FileRead,
        "file.changed" => Default.FileChanged,
        "net.opened" => Default.NetworkOpened,
        "net.connection" => Default.NetworkConnection,
        "secret.used" => Default.SecretUsed,
        "secret.leak_blocked" => Default.SecretLeakBlocked,
        "sandbox.ended" => Default.SandboxEnded,
        "budget.reserved" => Default.BudgetReserved,
        "budget.clamped" => Default.BudgetClamped,
        "budget.denied" => Default.BudgetDenied,
        "budget.settled" => Default.BudgetSettled,
        "budget.threshold" => Default.BudgetThreshold,
        "budget.killed" => Default.BudgetKilled,
        "budget.frozen" => Default.BudgetFrozen,
        "checkpoint.reached" => Default.CheckpointReached,
        "approval.requested" => Default.ApprovalRequested,
        "approval.decided" => Default.ApprovalDecided,
        "approval.voided" => Default.ApprovalVoided,
        "approval.expired" => Default.ApprovalExpired,
        "verification.finished" => Default.VerificationFinished,
        "gate.finding" => Default.GateFinding,
        "gate.waived" => Default.GateWaived,
        "policy.changed" => Default.PolicyChanged,
        "price.changed" => Default.PriceChanged,
        "commit.created" => Default.CommitCreated,
        "branch.created" => Default.BranchCreated,
        "pull_request.opened" => Default.PullRequestOpened,
        "artifact.produced" => Default.ArtifactProduced,
        "audit.queried" => Default.AuditQueried,
        "audit.exported" => Default.AuditExported,
        "retention.purged" => Default.RetentionPurged,
        "digest.signed" => Default.DigestSigned,
        "model.replayed" => Default.ModelReplayed,
        _ => null,
    };
}
