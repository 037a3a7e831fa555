namespace Ringfence.Audit;

public sealed record CheckpointReached(string Stage, string? Tree) : AuditFact
{
    public override string Type => "checkpoint.reached";
}

public sealed record ApprovalRequested(string Kind, string Digest, IReadOnlyList<string> From) : AuditFact
{
    public override string Type => "approval.requested";
}

/// <param name="AuthenticatedBy">How the person was recognised: <c>os_user</c>, <c>api_key</c>, <c>signed_link</c>.</param>
public sealed record ApprovalDecided(
    string Kind, string Digest, string Decision, string By, string AuthenticatedBy, string Channel, string? Comment) : AuditFact
{
    public override string Type => "approval.decided";
}

public sealed record ApprovalVoided(string Kind, string Digest, string Reason) : AuditFact
{
    public override string Type => "approval.voided";
}

public sealed record ApprovalExpired(string Kind, string Digest) : AuditFact
{
    public override string Type => "approval.expired";
}

/// <summary>One done-when check ran in a fresh sandbox on exactly <paramref name="Tree"/>.</summary>
public sealed record VerificationFinished(
    string Command, bool Passed, int ExitCode, string? Stopped, long DurationMicroseconds, string OutputDigest, string Tree, int Attempt)
    : AuditFact
{
    public override string Type => "verification.finished";
}

public sealed record GateFinding(string Gate, string Severity, string Place, string Evidence) : AuditFact
{
    public override string Type => "gate.finding";
}

public sealed record GateWaived(string Gate, string Place, string By, string Reason, long ExpiresMicroseconds) : AuditFact
{
    public override string Type => "gate.waived";
}

public sealed record PolicyChanged(string What, string BeforeDigest, string AfterDigest, string By) : AuditFact
{
    public override string Type => "policy.changed";
}

public sealed record PriceChanged(string Model, string BeforeVersion, string AfterVersion, string By) : AuditFact
{
    public override string Type => "price.changed";
}
