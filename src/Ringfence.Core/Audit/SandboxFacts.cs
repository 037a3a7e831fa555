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
    /// <summary>By the clock that also stamps files, microseconds UTC, at most a tick early: nothing it changed is older. 0 in older records.</summary>
    public long StartedAt { get; init; }

    public override string Type => "command.started";
}

/// <param name="ExitCode">-1 when a signal ended it, or when this kernel cannot tell (see <paramref name="Known"/>).</param>
public sealed record CommandFinished(
    string Sandbox, long Command, bool Known, int ExitCode, int Signal, long DurationMicroseconds) : AuditFact
{
    public override string Type => "command.finished";

    /// <summary>Number of the command that the same process went on with by another execve; 0 when the process ended.</summary>
    public long ReplacedBy { get; init; }

    /// <summary>When the monitor saw the end, microseconds UTC: nothing it changed is newer. 0 in older records.</summary>
    public long EndedAt { get; init; }
}

public sealed record FileRead(string Path, string Digest, string By) : AuditFact
{
    public override string Type => "file.read";
}

/// <param name="LinesAdded">-1 where lines are not counted: in a binary file, and without a commit to count against.</param>
/// <param name="By">The command, such as <c>sed (command 7 of agent-1)</c>; the event it names is in <see cref="AuditFact.Causes"/>. Null when several may have.</param>
/// <param name="Attribution">How it was told, see <see cref="ChangeAttribution"/>; null when it cannot be.</param>
public sealed record FileChanged(
    string Path, string Operation, string? BeforeOid, string? AfterOid, int Mode, int LinesAdded, int LinesRemoved, string? By,
    string? Attribution) : AuditFact
{
    /// <summary>When the file system saw the file change last, microseconds UTC; 0 when it does not tell. No program inside can set it.</summary>
    public long ChangedAt { get; init; }

    /// <summary>
    /// Every command that was running at that moment, those that started none of the others first; at most <see cref="CommandTimeline.MostCandidates"/>.
    /// Null when it was one, or none is known.
    /// </summary>
    public IReadOnlyList<string>? Candidates { get; init; }

    public override string Type => "file.changed";
}

/// <summary>An allowed connection was dialled: on record before the first byte goes out, so that it is not lost with the supervisor. Its end names it as its cause.</summary>
/// <param name="Address">What the name led to, and was dialled.</param>
/// <param name="Rule">The rule as the user wrote it; <c>default</c> when none matched.</param>
public sealed record NetworkOpened(string Sandbox, string Host, int Port, string Address, string Protocol, string Rule) : AuditFact
{
    public override string Type => "net.opened";
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
