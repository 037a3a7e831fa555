namespace Ringfence.Verification;

/// <summary>One done-when check, run by the platform in a fresh sandbox on exactly one tree.</summary>
/// <param name="Command">The command line as the user wrote it.</param>
/// <param name="ExitCode">-1 when it did not end by itself.</param>
/// <param name="OutputTail">The end of standard output and error together, at most 16 KiB.</param>
/// <param name="Tree">The git tree that it ran on.</param>
public sealed record CheckResult(string Command, bool Passed, int ExitCode, string? Stopped, TimeSpan Duration, string OutputTail, string Tree);
