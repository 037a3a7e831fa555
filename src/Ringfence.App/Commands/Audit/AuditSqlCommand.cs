using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.App.Views;
using Ringfence.Audit;

namespace Ringfence.App.Commands.Audit;

/// <summary><c>ringfence audit sql</c>: a question of one's own, over the stable views. It can read and nothing else.</summary>
internal static class AuditSqlCommand
{
    public static Command Create(Terminal terminal)
    {
        var sql = new Argument<string>("sql") { Description = "A select over the views audit_runs, audit_events, audit_files, audit_commands, audit_connections, …", HelpName = "SQL" };
        var seconds = new Option<int>("--seconds") { Description = "Longest time it may take, 1 to 600.", DefaultValueFactory = _ => 10 };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 600)
            {
                result.AddError("--seconds is a whole number from 1 to 600.");
            }
        });

        var options = new AuditFilterOptions();
        var command = new Command("sql", "Asks the record in SQL: reading only, with a limit of time and rows.") { sql, seconds };

        foreach (var option in options.Printing)
        {
            command.Add(option);
        }

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var answered = await new AuditSql(home.Database).AskAsync(
                parsed.GetRequiredValue(sql), options.Limit(parsed), TimeSpan.FromSeconds(parsed.GetValue(seconds)), cancellationToken);

            if (!answered.Succeeded(out var table, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            TableWriter.Write(terminal, table, options.Form(parsed));
            return ExitCodes.Done;
        });

        return command;
    }
}
