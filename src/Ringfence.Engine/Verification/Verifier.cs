using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Runs;
using Ringfence.Sandboxes;
using Ringfence.Setups;
using Ringfence.Workspaces;

namespace Ringfence.Verification;

/// <summary>
/// Runs the done-when checks where the agent cannot reach: a fresh workspace with exactly the tree to be published, and for each check a fresh
/// sandbox, so that nothing that an earlier check started is still there. No gateway: a check has no use for a model.
/// </summary>
public sealed class Verifier(EgressPlan egress, Toolchain toolchain, SandboxLauncher sandboxes, TimeProvider time)
{
    /// <summary>How much of a check's output is kept on the record, and how much goes back to the agent.</summary>
    private const int OutputKept = 256 << 10;

    public async Task<VerificationResult> VerifyAsync(
        ActiveRun run, Workspace workspace, ChangeSet changes, int attempt, CancellationToken cancellationToken)
    {
        if (run.Request.Done.Count == 0)
        {
            return new VerificationResult([], null);
        }

        if (!(await workspace.CheckOutAsync(changes, cancellationToken)).Succeeded(out var mount, out var why))
        {
            return new VerificationResult([], why[0]);
        }

        var results = new List<CheckResult>();

        foreach (var check in run.Request.Done)
        {
            var result = await RunAsync(run, workspace, mount, check, run.Named($"check-{attempt}-{results.Count + 1}"), attempt, changes.Tree, cancellationToken);

            if (!result.Succeeded(out var finished, out why))
            {
                return new VerificationResult(results, why[0]);
            }

            results.Add(finished);

            // Later checks build on earlier ones; their failures would only repeat the first.
            if (!finished.Passed)
            {
                break;
            }
        }

        return new VerificationResult(results, null);
    }

    /// <summary>The checks that an earlier start of the run has passed on exactly this tree, from the record.</summary>
    public static async Task<VerificationResult> RecordedAsync(ActiveRun run, CancellationToken cancellationToken) => new(
        [
            .. (await run.Recorder.FactsAsync<VerificationFinished>(cancellationToken))
                .Where(check => check.Passed && check.Tree == run.Changes!.Tree)
                .Select(check => new CheckResult(
                    check.Command, check.Passed, check.ExitCode, check.Stopped, TimeSpan.FromMicroseconds(check.DurationMicroseconds), "", check.Tree)),
        ],
        null);

    private async Task<Result<CheckResult>> RunAsync(
        ActiveRun run, Workspace workspace, WorkspaceMount mount, string check, string name, int attempt, string tree,
        CancellationToken cancellationToken)
    {
        var spec = new SandboxSpec
        {
            Command = ["/bin/sh", "-c", check],
            Environment = Toolchain.Environment(egress.SandboxEnvironment, run.Request.Environment, SetupStage.HomeFor(run.Request)),
            Files = egress.Files,
            Workspace = mount,
            Mounts = [.. toolchain.Mounts, .. workspace.Mounts, .. run.Request.Mounts],
            Limits = run.Request.Sandbox with { WallTime = run.Request.Limits.CheckTime },
            Doors = SandboxDoors.Egress,
        };

        var began = time.GetTimestamp();

        if (!(await sandboxes.StartAsync(spec, name, run.Recorder, cancellationToken)).Succeeded(out var sandbox, out var why))
        {
            return Result.Fail<CheckResult>(why);
        }

        await using (sandbox)
        {
            await using var door = egress.Open(sandbox, run.Recorder, time);

            var output = new OutputTail(OutputKept);
            var read = Task.WhenAll(
                output.FillAsync(sandbox.StandardOutput, cancellationToken), output.FillAsync(sandbox.StandardError, cancellationToken));
            await sandbox.StandardInput.DisposeAsync();

            // What the door cannot record ends the check, and the run.
            await await Task.WhenAny(sandbox.Completion, door.Broken).WaitAsync(cancellationToken);
            var exit = await sandbox.Completion;
            await read;

            var result = new CheckResult(
                check, exit is SandboxExit.Exited { Code: 0 }, exit is SandboxExit.Exited exited ? exited.Code : -1, Stopped(exit),
                time.GetElapsedTime(began), output.ToString(), tree);

            run.Recorder.Append(new VerificationFinished(
                check, result.Passed, result.ExitCode, result.Stopped, (long)result.Duration.TotalMicroseconds, run.Recorder.Keep(output.ToArray()), tree,
                attempt));
            await run.Recorder.FlushAsync(cancellationToken);
            return result;
        }
    }

    private static string? Stopped(SandboxExit exit) => exit switch
    {
        SandboxExit.LimitReached limit => $"limit of {limit.Limit.Replace('_', ' ')} reached: {limit.Detail}",
        SandboxExit.Signalled signalled => $"signal {signalled.Signal}",
        SandboxExit.Killed killed => $"ended by {killed.By}",
        _ => null,
    };
}
