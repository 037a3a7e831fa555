using System.CommandLine;
using Ringfence.App.Commands;
using Ringfence.App.Commands.Audit;
using Ringfence.App.Remote;

namespace Ringfence.App.Cli;

/// <summary>The command tree, and the one place where bad input and bugs become exit codes.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        var terminal = new Terminal(Console.Out, Console.Error);
        var parsed = CreateRoot(terminal).Parse(args.Length > 0 ? args : ["--help"]);

        if (parsed.Errors.Count > 0 && parsed.Action is not HelpPages.Page)
        {
            // A command that only holds others: which there are is the answer.
            if (parsed.CommandResult.Command is { Subcommands.Count: > 0, Action: null } group && parsed.UnmatchedTokens.Count == 0)
            {
                CreateRoot(terminal).Parse([.. Usage(group).Split(' ')[1..], "--help"]).Invoke();
                return ExitCodes.BadInput;
            }

            terminal.WriteFailures(Failures(parsed));
            terminal.Error.WriteLine($"Try: {Usage(parsed.CommandResult.Command)} --help");
            return ExitCodes.BadInput;
        }

        // Ctrl-C, SIGTERM and SIGHUP cancel; the run then salvages and ends by itself, so there is no second clock here.
        using var interrupt = new Interrupt(terminal);

        try
        {
            return await RemoteServer.TryRunAsync(terminal, parsed, interrupt.Token) ?? await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interrupt.Token);
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            return ExitCodes.Cancelled;
        }
        catch (Exception bug) when (bug is not OutOfMemoryException)
        {
            terminal.WriteBug(bug);
            return ExitCodes.Internal;
        }
    }

    internal static RootCommand CreateRoot(Terminal terminal)
    {
        var root = new RootCommand(
            """
            Runs coding agents in production: sandboxed, budgeted, recorded, checked, and gated by a person.

            Without a command: the coding agent itself. In a terminal it starts a conversation; with -p PROMPT it does what the prompt says and ends
            (ringfence -p "Explain src/Auth" --output-format json). Its commands run in a sandbox where this machine can hold one, and it says when not.
            `ringfence agents` and `ringfence run` are for unattended work. The agent's own flags: ringfence -p --help
            """)
        {
            Home.DatabaseOption,
            RemoteServer.ServerOption,
            RemoteServer.KeyOption,
            InitCommand.Create(terminal),
            RunCommand.Create(terminal),
            ResumeCommand.Create(terminal),
            ReplayCommand.Create(terminal),
            RunsCommand.Create(terminal),
            ShowCommand.Create(terminal),
            LogsCommand.Create(terminal),
            DiffCommand.Create(terminal),
            ApplyCommand.Create(terminal),
            CancelCommand.Create(terminal),
            AgentsCommand.Create(terminal),
            SetupCommand.Create(terminal),
            DemoCommand.Create(terminal),
            SandboxCommand.Create(terminal),
            DoctorCommand.Create(terminal),
            ServeCommand.Create(terminal),
            KeysCommand.Create(terminal),
            TriggersCommand.Create(terminal),
            AuditCommand.Create(terminal),
            BlameCommand.Create(terminal),
            GatewayCommand.Create(terminal),
            BudgetCommand.Create(terminal),
            PricesCommand.Create(terminal),
            KillCommand.Create(terminal),
            CompletionCommand.Create(terminal),
            HelpCommand.Create(terminal),
        };

        foreach (var command in ApproveCommand.Create(terminal).Concat(WorkflowCommands.Create(terminal)).Concat(BackupCommands.Create(terminal)))
        {
            root.Add(command);
        }

        HelpPages.Arrange(root);
        return root;
    }

    private static Failure[] Failures(ParseResult parsed)
    {
        // A command that was mistyped is not also missing.
        if (parsed.CommandResult.Command is { Subcommands.Count: > 0, Action: null } group && parsed.UnmatchedTokens is [var mistyped, ..] && !mistyped.StartsWith('-'))
        {
            var near = group.Subcommands.Where(command => !command.Hidden).Select(command => command.Name).Where(name => IsNear(name, mistyped)).ToArray();
            return [new Failure("bad_arguments", $"There is no command '{mistyped}'.", near.Length > 0 ? $"Did you mean {string.Join(" or ", near)}?" : null)];
        }

        return [.. parsed.Errors.Select(e => new Failure("bad_arguments", e.Message))];
    }

    /// <summary>Begun, or with at most two letters more, less, other or in another order.</summary>
    private static bool IsNear(string name, string typed)
    {
        var row = Enumerable.Range(0, typed.Length + 1).ToArray();

        for (var i = 1; i <= name.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;

            for (var j = 1; j <= typed.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (name[i - 1] == typed[j - 1] ? 0 : 1)));
            }
        }

        return typed.Length > 1 && (name.StartsWith(typed, StringComparison.Ordinal) || row[^1] <= (typed.Length < 5 ? 1 : 2) || name.Order().SequenceEqual(typed.Order()));
    }

    private static string Usage(Command command) =>
        command is RootCommand ? "ringfence" : $"{Usage(command.Parents.OfType<Command>().First())} {command.Name}";
}
