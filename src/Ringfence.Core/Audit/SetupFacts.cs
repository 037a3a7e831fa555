namespace Ringfence.Audit;

/// <summary>What the run's set-up command prepared lies below its workspace.</summary>
/// <param name="Layer">Name of the layer: a digest of everything that it was made from.</param>
/// <param name="Reused">An earlier run had made it.</param>
/// <param name="AgeSeconds">Since it was made.</param>
/// <param name="DurationMicroseconds">How long the command took when it ran.</param>
/// <param name="OutputDigest">What it printed; empty when it was reused.</param>
/// <param name="LeftOut">How many files it made or changed that git does not ignore: they are no part of the layer.</param>
public sealed record SetupPrepared(
    string Command, string Layer, bool Reused, long AgeSeconds, long DurationMicroseconds, string OutputDigest, int LeftOut) : AuditFact
{
    public override string Type => "setup.prepared";
}

/// <summary>The set-up command failed, and the run with it.</summary>
public sealed record SetupFailed(string Command, int ExitCode, string? Stopped, long DurationMicroseconds, string OutputDigest) : AuditFact
{
    public override string Type => "setup.failed";
}
