using System.Globalization;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Client;

namespace Ringfence.App.Remote;

/// <summary><c>ringfence run</c> and <c>resume</c> against a server: starts, follows, and ends with the run's own exit code.</summary>
internal static class RemoteStart
{
    public static IReadOnlyList<string> Options { get; } =
    [
        "--prompt", "--workflow", "--input", "--repo", "--ref", "--agent", "--model", "--max-cost", "--max-turns", "--timeout", "--done", "--attempts", "--allow", "--deny-tool", "--hide",
        "--setup", "--setup-allow", "--setup-preset", "--no-repo-config", "--config-from", "--output", "--json", "--quiet",
    ];

    public static async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var workflow = call.Value<string>("--workflow");
        var prompt = await RunOptions.PromptAsync(call.Value<string>("--prompt"), needed: workflow is null, failures, cancellationToken);
        var inputs = RunOptions.Inputs(call.Value<string[]>("--input") ?? [], failures);

        if (call.Value<string>("--repo") is null or "." or "")
        {
            failures.Add(new Failure("no_repository", "--repo is missing: the server cannot see this folder.", "A URL, owner/repo, or a path that the server allows."));
        }

        var time = TimeSpan.Zero;

        if (call.Typed("--timeout") && !Duration.TryParse(call.Value<string>("--timeout")!, out time))
        {
            failures.Add(new Failure("bad_limit", $"--timeout cannot be '{call.Value<string>("--timeout")}'.", "Such as 90s, 30m or 1h."));
        }

        string[]? Texts(string flag) => call.Value<string[]>(flag) is { Length: > 0 } texts ? texts : null;

        if (call.Value<string>("--setup") is null && (Texts("--setup-allow") ?? Texts("--setup-preset")) is not null)
        {
            failures.Add(new Failure("bad_setup", "--setup-allow and --setup-preset need --setup.", "Give a command, such as --setup 'npm ci'."));
        }

        // With a workflow, what nobody typed is the workflow's.
        bool Counts(string flag) => workflow is null || call.Typed(flag);
        var cost = Counts("--max-cost") ? Number<decimal>(call, "--max-cost", failures) : null;
        var turns = Counts("--max-turns") ? Number<int>(call, "--max-turns", failures) : null;
        var attempts = Counts("--attempts") ? Number<int>(call, "--attempts", failures) : null;

        if (failures.Count > 0)
        {
            call.Terminal.WriteFailures(failures);
            return ExitCodes.BadInput;
        }

        var created = await call.Client.CreateRunAsync(
            new NewRun
            {
                Repo = call.Value<string>("--repo")!,
                Branch = call.Value<string>("--ref"),
                Prompt = prompt,
                Workflow = workflow,
                Inputs = inputs.Count > 0 ? inputs : null,
                Agent = call.Typed("--agent") ? call.Value<string>("--agent") : null,
                Model = call.Value<string>("--model"),
                Guardrails = new Guardrails(turns, cost, time > TimeSpan.Zero ? (int)time.TotalSeconds : null),
                Done = Texts("--done"),
                Attempts = attempts,
                Network = Texts("--allow"),
                DeniedTools = Texts("--deny-tool"),
                Hidden = Texts("--hide"),
                Setup = call.Value<string>("--setup") is { } setup ? new Client.SetupCommand(setup, Texts("--setup-allow"), Texts("--setup-preset")) : null,
                RepoConfig = call.Value<bool>("--no-repo-config") ? false : null,
                ConfigFrom = call.Value<string>("--config-from"),
                Output = call.Typed("--output") ? call.Value<string>("--output") : null,
            },
            Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"), cancellationToken);

        return await FollowAsync(call, created.Id, cancellationToken);
    }

    public static async Task<int> ResumeAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var time = TimeSpan.Zero;

        if (call.Value<string>("--time")?.TrimStart('+') is { } text && !Duration.TryParse(text, out time))
        {
            failures.Add(new Failure("bad_limit", $"--time cannot be '{text}'.", "A time, such as +10m."));
        }

        var more = new Resumption(
            await RunOptions.PromptAsync(call.Value<string>("--prompt"), needed: false, failures, cancellationToken), Number<decimal>(call, "--budget", failures),
            Number<int>(call, "--turns", failures), (int)time.TotalSeconds);

        if (failures.Count > 0)
        {
            call.Terminal.WriteFailures(failures);
            return ExitCodes.BadInput;
        }

        var created = await call.Client.ResumeRunAsync(await call.RunAsync("run", cancellationToken), more, cancellationToken);
        return await FollowAsync(call, created.Id, cancellationToken);
    }

    private static async Task<int> FollowAsync(RemoteCall call, string id, CancellationToken cancellationToken)
    {
        var quiet = call.Value<bool>("--quiet");
        var printer = new EventPrinter(call.Terminal.ColorError, call.Terminal.Width);

        if (!quiet && !call.Json)
        {
            call.Terminal.Error.WriteLine($"Run {id}");
        }

        try
        {
            await foreach (var happened in call.Client.EventsAsync(id, cancellationToken: cancellationToken))
            {
                if (call.Json)
                {
                    call.Terminal.WriteLine(happened.Json);
                }
                else if (!quiet && AuditEvent.TryParse(System.Text.Encoding.UTF8.GetBytes(happened.Json)) is { } parsed && printer.Print(parsed) is { } line)
                {
                    call.Terminal.Error.WriteLine(line);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // As on this machine: a signal ends the run, and what it did is kept.
            await call.Client.CancelRunAsync(id, CancellationToken.None);

            await foreach (var _ in call.Client.EventsAsync(id, cancellationToken: CancellationToken.None))
            {
            }
        }

        var run = RemoteRun.Of(await call.Client.GetRunAsync(id, CancellationToken.None));

        if (call.Json)
        {
            call.Terminal.WriteJson(RunView.Of(run), AppJson.Default.RunView);
        }
        else if (quiet)
        {
            call.Terminal.WriteLine(run.Published ?? "");
        }
        else
        {
            RunSummary.Write(call.Terminal, run, changes: null, nextSteps: false);
        }

        return ExitCodes.For(run.Status, run.Reason);
    }

    private static T? Number<T>(RemoteCall call, string flag, List<Failure> failures)
        where T : struct, System.Numerics.INumber<T>
    {
        if (call.Value<string>(flag)?.TrimStart('+') is not { } text)
        {
            return null;
        }

        if (T.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        failures.Add(new Failure("bad_limit", $"{flag} cannot be '{Printable.Escape(text)}'.", "A number."));
        return null;
    }
}
