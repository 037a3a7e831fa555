using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;

namespace Ringfence.App.Commands.Audit;

/// <summary>The questions: <c>ringfence audit files --path P</c>, <c>commands --program P</c>, <c>network --denied</c>…</summary>
internal static class AuditQuestionCommands
{
    public static IEnumerable<Command> Create(Terminal terminal) =>
    [
        Runs(terminal),
        Question(terminal, "files", "Which runs changed a path, from what to what, and by which command or tool.", "--path", "PATH", (q, f, c) => q.FilesAsync(f, c)),
        Question(terminal, "reads", "Which runs read a path.", "--path", "PATH", (q, f, c) => q.ReadsAsync(f, c)),
        Commands(terminal),
        Network(terminal),
        Question(terminal, "secrets", "Which runs used a secret, and where.", "--secret", "NAME", (q, f, c) => q.SecretsAsync(f, c)),
        Spend(terminal),
        Question(terminal, "approvals", "Who approved exactly which change set, when, and how they were recognised.", "--digest", "SHA256", (q, f, c) => q.ApprovalsAsync(f, c)),
        Question(terminal, "gates", "What gates found, and who waived it.", "--gate", "NAME", (q, f, c) => q.GatesAsync(f, c)),
        Question(terminal, "checks", "What the done-when checks said, on which tree.", null, null, (q, f, c) => q.ChecksAsync(f, c)),
        Question(terminal, "context", "Which runs lost context, and what was lost.", null, null, (q, f, c) => q.ContextAsync(f, c)),
        Question(terminal, "commits", "The run behind a commit or pull request.", "--commit", "SHA|URL", (q, f, c) => q.CommitsAsync(f, c)),
        Ledger(terminal),
        Question(terminal, "budget", "Calls refused, scopes frozen or killed.", "--scope", "SCOPE", (q, f, c) => q.BudgetAsync(f, c)),
    ];

    private static Command Question(
        Terminal terminal, string name, string description, string? flag, string? help,
        Func<AuditQueries, AuditFilter, CancellationToken, Task<AuditTable>> ask)
    {
        var term = flag is null ? null : new Option<string?>(flag) { Description = $"One {name.TrimEnd('s')} exactly.", HelpName = help };
        var command = new Command(name, description);

        if (term is not null)
        {
            command.Add(term);
        }

        return Answer(terminal, command, (parsed, home, filter, cancellationToken) =>
            ask(new AuditQueries(home.Database), filter with { Term = term is null ? null : parsed.GetValue(term) }, cancellationToken));
    }

    private static Command Runs(Terminal terminal)
    {
        (Option<string?> Option, string Kind)[] words =
        [
            (new("--path") { Description = "That changed this path.", HelpName = "PATH" }, TermKinds.Path),
            (new("--host") { Description = "That reached this host.", HelpName = "HOST" }, TermKinds.Host),
            (new("--denied-host") { Description = "That tried this host in vain.", HelpName = "HOST" }, TermKinds.DeniedHost),
            (new("--secret") { Description = "That used this secret.", HelpName = "NAME" }, TermKinds.Secret),
            (new("--program") { Description = "That executed this program.", HelpName = "PROGRAM" }, TermKinds.Program),
            (new("--person") { Description = "That this person asked for, or decided on.", HelpName = "NAME" }, TermKinds.Person),
        ];

        var command = new Command("runs", "Runs by what they touched; without that, the dearest.");

        foreach (var (option, _) in words)
        {
            command.Add(option);
        }

        return Answer(terminal, command, (parsed, home, filter, cancellationToken) =>
        {
            var sums = new AuditSums(home.Database);
            var asked = words.FirstOrDefault(word => parsed.GetValue(word.Option) is not null);

            return asked.Option is null
                ? sums.DearestAsync(filter, cancellationToken)
                : sums.RunsAsync(asked.Kind, filter with { Term = parsed.GetValue(asked.Option) }, cancellationToken);
        });
    }

    private static Command Commands(Terminal terminal)
    {
        var program = new Option<string?>("--program") { Description = "A program by name or whole path.", HelpName = "PROGRAM" };
        var text = new Option<string?>("--text") { Description = "Words that stand beside each other in the command line.", HelpName = "WORDS" };
        var failed = new Option<bool>("--failed") { Description = "Those that failed; without a program, how often each did." };
        var command = new Command("commands", "Which programs ran, with which arguments, in which runs.") { program, text, failed };

        return Answer(terminal, command, (parsed, home, filter, cancellationToken) =>
        {
            var queries = new AuditQueries(home.Database);
            filter = filter with { Term = parsed.GetValue(program), Text = parsed.GetValue(text) };

            return !parsed.GetValue(failed) ? queries.CommandsAsync(filter, cancellationToken)
                : filter.Term is null && filter.Run is null ? new AuditSums(home.Database).FailedProgramsAsync(filter, cancellationToken)
                : queries.FailedCommandsAsync(filter, cancellationToken);
        });
    }

    private static Command Network(Terminal terminal)
    {
        var host = new Option<string?>("--host") { Description = "One host exactly.", HelpName = "HOST" };
        var denied = new Option<bool>("--denied") { Description = "Only what was denied." };
        var byHost = new Option<bool>("--by-host") { Description = "With --denied: how often each host was tried." };
        var command = new Command("network", "Which hosts were reached or denied, by which rule.") { host, denied, byHost };

        return Answer(terminal, command, (parsed, home, filter, cancellationToken) => parsed.GetValue(byHost)
            ? new AuditSums(home.Database).DeniedHostsAsync(filter, cancellationToken)
            : new AuditQueries(home.Database).NetworkAsync(
                filter with { Term = parsed.GetValue(host), Allowed = parsed.GetValue(denied) ? false : null }, cancellationToken));
    }

    private static Command Spend(Terminal terminal)
    {
        var by = new Option<SpendBy>("--by") { Description = "team, workflow, model, day, person or run.", DefaultValueFactory = _ => SpendBy.Model };
        var command = new Command("spend", "What model calls cost, summed.") { by };

        return Answer(terminal, command, (parsed, home, filter, cancellationToken) =>
            new AuditSums(home.Database).SpendAsync(parsed.GetValue(by), filter, cancellationToken));
    }

    private static Command Ledger(Terminal terminal)
    {
        var scope = new Option<string?>("--scope") { Description = "This scope, in every window, and what is under it.", HelpName = "SCOPE" };
        var over = new Option<bool>("--over") { Description = "Only those that passed their limit, furthest first." };
        var command = new Command("ledger", "What each budget allowed, spent and refused, window by window.") { scope, over };

        return Answer(terminal, command, (parsed, home, filter, cancellationToken) =>
            new AuditSums(home.Database).LedgerAsync(parsed.GetValue(over), filter with { Term = parsed.GetValue(scope) }, cancellationToken));
    }

    private static Command Answer(
        Terminal terminal, Command command, Func<ParseResult, Home, AuditFilter, CancellationToken, Task<AuditTable>> ask)
    {
        var options = new AuditFilterOptions();

        foreach (var option in options.All)
        {
            command.Add(option);
        }

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (!(await options.ReadAsync(parsed, home, cancellationToken)).Succeeded(out var filter, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            TableWriter.Write(terminal, await ask(parsed, home, filter, cancellationToken), options.Form(parsed));
            return ExitCodes.Done;
        });

        return command;
    }
}
