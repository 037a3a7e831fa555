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
            terminal.WriteFailures([.. parsed.Errors.Select(e => new Failure("bad_arguments", e.Message))]);
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

    private static string Usage(Command command) =>
        command is RootCommand ? "ringfence" : $"ringfence {command.Name}";
}
