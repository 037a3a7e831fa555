namespace Ringfence.Audit;

public sealed record CommitCreated(string Commit, string Tree, IReadOnlyList<string> Parents) : AuditFact
{
    public override string Type => "commit.created";
}

public sealed record BranchCreated(string Branch, string Commit, string Repository) : AuditFact
{
    public override string Type => "branch.created";
}

public sealed record PullRequestOpened(string Url, string Commit) : AuditFact
{
    public override string Type => "pull_request.opened";
}

public sealed record ArtifactProduced(string Name, string Digest, long Bytes) : AuditFact
{
    public override string Type => "artifact.produced";
}

public sealed record AuditQueried(string Question, string By) : AuditFact
{
    public override string Type => "audit.queried";
}

public sealed record AuditExported(string Format, string By, long Events) : AuditFact
{
    public override string Type => "audit.exported";
}

public sealed record RetentionPurged(string Kind, long Items, string By) : AuditFact
{
    public override string Type => "retention.purged";
}

public sealed record DigestSigned(string Root, long Runs, string Key) : AuditFact
{
    public override string Type => "digest.signed";
}
