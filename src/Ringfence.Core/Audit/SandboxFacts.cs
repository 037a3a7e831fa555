namespace Ringfence.Audit;

/// <summary>One successful execve, read by the monitor from the kernel's own copy after the program was in place.</summary>
/// <param name="Command">Number of the command within its sandbox, from 1; the finish names it.</param>
/// <param name="Parent">Command number of the process that forked it; 0 for the first.</param>
/// <param name="Arguments">Escaped where they are not printable; cut at 4 KiB, see <paramref name="ArgumentsDigest"/>.</param>
/// <param name="ArgumentsDigest">SHA-256 of the whole NUL-separated argument list.</param>
public sealed record CommandStarted(
    string Sandbox, long Command, int Pid, long Parent, string Executable, string ExecutableDigest, IReadOnlyList<string> Arguments,
    bool ArgumentsTruncated, string ArgumentsDigest, string WorkingDirectory) : AuditFact
{
    public override string Type => "command.started";
}

/// <param name="ExitCode">-1 when a signal ended it, or when this kernel cannot tell (see <paramref name="Known"/>).</param>
public sealed record CommandFinished(
    string Sandbox, long Command, bool Known, int ExitCode, int Signal, long DurationMicroseconds) : AuditFact
{
    public override string Type => "command.finished";

    /// <summary>Number of the command that the same process went on with by another execve; 0 when the process ended.</summary>
    public long ReplacedBy { get; init; }
}

public sealed record FileRead(string Path, string Digest, string By) : AuditFact
{
    public override string Type => "file.read";
}

/// <param name="Attribution"><c>exact</c>, <c>window</c> or <c>inferred</c>; null when it cannot be told.</param>
public sealed record FileChanged(
    string Path, string Operation, string? BeforeOid, string? AfterOid, int Mode, int LinesAdded, int LinesRemoved, string? By,
    string? Attribution) : AuditFact
{
    public override string Type => "file.changed";
}

/// <param name="Reason">Stable code, such as <c>not_in_allow_list</c>, <c>literal_address</c>, <c>private_address</c>.</param>
/// <param name="Rule">The rule as the user wrote it; <c>default</c> when none matched.</param>
public sealed record NetworkConnection(
    string Sandbox, string Host, int Port, string Protocol, string? Sni, bool Allowed, string Reason, string Rule, long BytesUp,
    long BytesDown, long DurationMicroseconds) : AuditFact
{
    /// <summary>Method and path of a single request that was refused on a connection that the door had opened; null for a connection as a whole.</summary>
    public string? Request { get; init; }

    public override string Type => "net.connection";
}

public sealed record SecretUsed(string Name, string Host, string Header) : AuditFact
{
    public override string Type => "secret.used";
}

public sealed record SecretLeakBlocked(string Name, string Where) : AuditFact
{
    public override string Type => "secret.leak_blocked";
}

/// <summary>A sandbox ended. Nothing of it is left when this is written.</summary>
public sealed record SandboxEnded(
    string Sandbox, string Ending, string Detail, long CpuMicroseconds, long PeakMemoryBytes, long PeakProcesses, long OutputBytes,
    long TeardownMicroseconds) : AuditFact
{
    public override string Type => "sandbox.ended";
}
