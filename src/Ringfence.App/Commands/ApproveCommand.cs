using System.CommandLine;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Approvals;
using Ringfence.Runs;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence approve|reject RUN</c>: shows what a run asks, exactly, and takes an answer to exactly that.</summary>
internal static class ApproveCommand
{
    private const string KeyVariable = "RINGFENCE_API_KEY";

    public static IEnumerable<Command> Create(Terminal terminal) => [Approve(terminal), Reject(terminal), WaiveCommand.Create(terminal)];

    private static Command Approve(Terminal terminal)
    {
        var argument = new Argument<string?>("run") { Description = "Run id, an unambiguous start of it, or `last`. Default: lists what waits.", HelpName = "RUN", Arity = ArgumentArity.ZeroOrOne };
        var yes = new Option<string?>("--yes") { Description = "Approve what has this digest.", HelpName = "DIGEST" };
        var comment = new Option<string?>("--comment") { Description = "Goes on the record with the answer.", HelpName = "TEXT" };
        var link = new Option<string?>("--link") { Description = "Print a link token by which this person answers once. For admins.", HelpName = "PERSON" };
        var expires = new Option<string>("--expires") { Description = "How long the link is good, at most 7d.", HelpName = "TIME", DefaultValueFactory = _ => "24h" };
        var json = CommandActions.Json();

        var command = new Command(
            "approve",
            $"""
            Shows what a waiting run asks, with its digest; --yes DIGEST agrees to exactly that.

            Who started the run, or wrote what triggered it, cannot say yes to it; `ringfence reject` takes it back. You are known by your login on this machine, or by the key in ${KeyVariable}.

            Examples:
              ringfence approve                                what waits for an answer
              ringfence approve 06f3                           the plan, hosts, money or diff, and its digest
              ringfence approve 06f3 --yes 9c1f… --comment ok
              ringfence reject 06f3 --digest 9c1f… --reason "Too wide: leave the public API alone"
            """) { argument, yes, comment, link, expires, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (parsed.GetValue(argument) is not { } name)
            {
                var waiting = await home.Approvals.ListAsync(pendingOnly: true, 1000, cancellationToken);
                ApprovalView.WriteList(terminal, waiting, parsed.GetValue(json));
                return ExitCodes.Done;
            }

            return await WithApprovalAsync(terminal, home, name, async (run, approval, person) =>
            {
                if (parsed.GetValue(link) is { } principal)
                {
                    var life = Duration.TryParse(parsed.GetRequiredValue(expires), out var time) && time > TimeSpan.Zero ? time : TimeSpan.Zero;
                    var issued = life == TimeSpan.Zero
                        ? new Failure("bad_limit", "--expires is a time such as 24h.")
                        : await new ApprovalLinks(home.Database, home.Approvals, TimeProvider.System).IssueAsync(approval.Id, principal, person, life, cancellationToken);
                    return Told(terminal, issued, terminal.WriteLine);
                }

                if (parsed.GetValue(yes) is { } digest)
                {
                    return Told(terminal, await home.Approvals.DecideAsync(approval.Id, person, digest, approves: true, parsed.GetValue(comment), cancellationToken),
                        decided => ApprovalView.WriteDecided(terminal, decided, parsed.GetValue(json)));
                }

                return await ApprovalView.WriteAsync(terminal, home, run, approval, parsed.GetValue(json), cancellationToken);
            }, cancellationToken);
        });

        return command;
    }

    private static Command Reject(Terminal terminal)
    {
        var argument = CommandActions.RunArgument();
        var digest = new Option<string>("--digest") { Description = "Digest of what is rejected; `ringfence approve RUN` shows it.", HelpName = "DIGEST", Required = true };
        var reason = new Option<string>("--reason") { Description = "Why: goes on the record and to whoever asked.", HelpName = "TEXT", Required = true };
        var json = CommandActions.Json();
        var command = new Command(
            "reject",
            """
            Says no to what a waiting run asks. Its change set is kept. Also who started the run may say no: that takes it back.

            Examples:
              ringfence reject 01m7 --digest 775b30cfaa3b --reason "Not without a test"
            """) { argument, digest, reason, json };

        command.WithHome(terminal, (parsed, home, cancellationToken) =>
            WithApprovalAsync(terminal, home, parsed.GetRequiredValue(argument), async (_, approval, person) => Told(
                terminal,
                await home.Approvals.DecideAsync(
                    approval.Id, person, parsed.GetRequiredValue(digest), approves: false, parsed.GetRequiredValue(reason), cancellationToken),
                decided => ApprovalView.WriteDecided(terminal, decided, parsed.GetValue(json))), cancellationToken));

        return command;
    }

    /// <summary>Who is at the keyboard: the owner of the key in the environment, else the login. Fails with <c>unauthorized</c>.</summary>
    internal static async Task<Result<Approver>> PersonAsync(Home home, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(KeyVariable) is not { Length: > 0 } secret)
        {
            // Whoever can open the store can change it: there is nobody above them here.
            return new Approver(Home.User, Role.Admin, "os_user", "cli");
        }

        return await new ApiKeyStore(home.Database, TimeProvider.System).AuthenticateAsync(secret.Trim(), cancellationToken) is { } key
            ? new Approver(key.Principal, key.Role, "api_key", "cli")
            : new Failure("unauthorized", $"The key in ${KeyVariable} is not good here.", "It may have been revoked.");
    }

    private static async Task<int> WithApprovalAsync(
        Terminal terminal, Home home, string name, Func<Run, Approval, Approver, Task<int>> use, CancellationToken cancellationToken)
    {
        var run = await home.Runs.FindAsync(name, cancellationToken);
        var approval = run.Succeeded(out var found) ? await home.Approvals.ShowAsync(found.Id.Value, cancellationToken) : Result.Fail<Approval>(run.Failures);
        var person = await PersonAsync(home, cancellationToken);
        Failure[] failures = [.. approval.Failures, .. person.Failures];

        if (failures.Length > 0)
        {
            terminal.WriteFailures(failures);
            return ExitCodes.BadInput;
        }

        return await use(run.Value, approval.Value, person.Value);
    }

    private static int Told<T>(Terminal terminal, Result<T> result, Action<T> tell)
    {
        if (!result.Succeeded(out var value, out var why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.BadInput;
        }

        tell(value);
        return ExitCodes.Done;
    }
}
