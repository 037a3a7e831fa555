using System.CommandLine;
using System.Text.Json.Nodes;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Commands.Audit;

/// <summary><c>ringfence audit verify [RUN]</c>: proves that nothing on record was altered, moved or removed, or names what was.</summary>
internal static class AuditVerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var run = new Argument<string?>("run") { Description = "One run; without it, every run and every digest.", Arity = ArgumentArity.ZeroOrOne, HelpName = "RUN" };
        var all = new Option<bool>("--all") { Description = "Every run and every digest: what happens without RUN." };
        var copy = new Option<FileInfo?>("--digests") { Description = "Hold the record against a copy of digests, as `audit digest --to` wrote it.", HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = "With --digests: the public key to trust, in Base64.", HelpName = "KEY" };
        var json = CommandActions.Json();
        var command = new Command("verify", "Proves that nothing on record was altered, moved or removed, or names what was.") { run, all, copy, key, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var report = new JsonObject();
            var problems = new List<(string? Run, string Code, long Seq, string Message)>();

            if (parsed.GetValue(run) is { } prefix)
            {
                if (!(await home.Runs.FindAsync(prefix, cancellationToken)).Succeeded(out var found, out var why))
                {
                    terminal.WriteFailures(why);
                    return ExitCodes.BadInput;
                }

                var one = await new AuditVerifier(home.Database).VerifyAsync(found.Id, cancellationToken);
                (report["runs"], report["events"], report["head"]) = (1, one.Events, one.Head);
                problems.AddRange(one.Problems.Select(p => ((string?)one.Run.Value, p.Code, p.Seq, p.Message)));
            }
            else
            {
                var every = await new AuditVerifier(home.Database).VerifyAllAsync(cancellationToken);
                (report["runs"], report["events"]) = (every.Runs, every.Events);
                problems.AddRange(every.Broken.SelectMany(r => r.Problems.Select(p => ((string?)r.Run.Value, p.Code, p.Seq, p.Message))));
                problems.AddRange((await new DigestVerifier(home.Database).VerifyStoreAsync(cancellationToken)).Select(Digest));
            }

            if (parsed.GetValue(copy) is { } file)
            {
                if (!file.Exists)
                {
                    terminal.WriteFailures([new Failure("no_such_file", $"There is no file {Printable.Escape(file.FullName)}.")]);
                    return ExitCodes.BadInput;
                }

                var lines = File.ReadLines(file.FullName);
                problems.AddRange((await new DigestVerifier(home.Database).VerifyCopyAsync(lines, parsed.GetValue(key), cancellationToken)).Select(Digest));
            }

            Print(terminal, report, problems, parsed.GetValue(json));
            return problems.Count == 0 ? ExitCodes.Done : ExitCodes.ChecksFailed;
        });

        return command;
    }

    private static (string?, string, long, string) Digest(DigestProblem problem) => (problem.Run?.Value, "digest", -1, problem.Message);

    public static void Print(
        Terminal terminal, JsonObject report, IReadOnlyList<(string? Run, string Code, long Seq, string Message)> problems, bool json)
    {
        if (json)
        {
            report["intact"] = problems.Count == 0;
            report["problems"] = new JsonArray([.. problems.Select(p => new JsonObject
            {
                ["run"] = p.Run, ["code"] = p.Code, ["seq"] = p.Seq, ["message"] = p.Message,
            })]);
            terminal.WriteLine(report.ToJsonString());
            return;
        }

        foreach (var (run, code, _, message) in problems)
        {
            terminal.WriteLine($"{terminal.Paint("broken", Ansi.Red)} {run ?? "digests"}: {message} [{code}]");
        }

        terminal.WriteLine(problems.Count == 0
            ? $"{terminal.Paint("intact", Ansi.Green)}: {report["events"]:N0} events of {report["runs"]:N0} runs"
            : $"{problems.Count} problems in {report["events"]:N0} events of {report["runs"]:N0} runs");
    }
}
