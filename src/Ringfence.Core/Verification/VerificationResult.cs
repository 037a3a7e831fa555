using System.Globalization;
using System.Text;

namespace Ringfence.Verification;

/// <summary>All checks of one attempt, in order, up to the first that failed.</summary>
/// <param name="Failure">Why the checks could not be run at all; null when they were.</param>
public sealed record VerificationResult(IReadOnlyList<CheckResult> Checks, Failure? Failure)
{
    /// <summary>Characters of a failed check's output that go back to the agent: enough for a compiler's or test runner's verdict.</summary>
    private const int OutputTold = 12_000;

    public bool Passed => Failure is null && Checks.All(check => check.Passed);

    /// <summary>What the agent is told about the failed check. It is data to the agent, so it is fenced and its origin stated.</summary>
    public string Feedback
    {
        get
        {
            var failed = Checks.First(check => !check.Passed);
            var output = failed.OutputTail.Length <= OutputTold
                ? failed.OutputTail
                : $"[cut to the last {OutputTold} characters]\n{failed.OutputTail[^OutputTold..]}";

            return new StringBuilder()
                .AppendLine("The platform checked your change in a fresh sandbox, on exactly the files you left, and a check failed.")
                .AppendLine(CultureInfo.InvariantCulture, $"Check: {failed.Command}")
                .AppendLine(CultureInfo.InvariantCulture, $"Ending: {How(failed)}")
                .AppendLine("Output:").AppendLine("```").AppendLine(output.TrimEnd()).AppendLine("```")
                .Append("Mend the cause; do not change the check. Files ignored by git and build outputs were not part of what was checked.")
                .ToString();
        }
    }

    public Failure WhyNot(int attempt)
    {
        var failed = Checks.First(check => !check.Passed);
        return new Failure(
            "verification_failed",
            $"The check `{failed.Command}` failed after attempt {attempt}: {How(failed)}.",
            failed.ExitCode == 127 ? "Exit code 127: the command was not found inside the sandbox. Is it part of the repository or of the host's tool chain?" : null);
    }

    private static string How(CheckResult check) => check.Stopped ?? $"exit code {check.ExitCode}";
}
