using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Audit;
using Ringfence.Storage;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence backup FILE</c> and <c>ringfence restore FILE</c>: the store in one file, and back, with the record verified.</summary>
internal static class BackupCommands
{
    public static IEnumerable<Command> Create(Terminal terminal) => [Backup(terminal), Restore(terminal)];

    private static Command Backup(Terminal terminal)
    {
        var file = new Argument<FileInfo>("file") { Description = "A file that is not there yet.", HelpName = "FILE" };
        var command = new Command(
            "backup",
            """
            Writes the store, its keys and settings to one file, while everything goes on.

            Workspaces are not in it. Keep the file as safe as the store: it holds the record and the signing keys.

            Example:
              ringfence backup /var/backups/ringfence-monday.tar.gz
            """) { file };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var target = parsed.GetRequiredValue(file).FullName;

            if (!(await StoreBackup.CreateAsync(home.Database, home.Folder, parsed.GetValue(Home.DatabaseOption), target, cancellationToken)).Succeeded(out var bytes, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            terminal.WriteLine($"{target}: {bytes:N0} bytes");
            return ExitCodes.Done;
        });

        return command;
    }

    private static Command Restore(Terminal terminal)
    {
        var file = new Argument<FileInfo>("file") { Description = "What `ringfence backup` wrote.", HelpName = "FILE" };
        var command = new Command("restore", "Puts a backup into a home without a store, and verifies the whole record.") { file };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            Directory.CreateDirectory(Home.DefaultFolder);

            if (await StoreBackup.RestoreAsync(Home.DefaultFolder, parsed.GetValue(Home.DatabaseOption), parsed.GetRequiredValue(file).FullName, cancellationToken) is { } failure)
            {
                terminal.WriteFailures([failure]);
                return ExitCodes.Environment;
            }

            if (!(await Home.OpenAsync(parsed, terminal, cancellationToken)).Succeeded(out var home, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            await using (home)
            {
                var report = await new AuditVerifier(home.Database).VerifyAllAsync(cancellationToken);

                if (report.Broken.Count > 0)
                {
                    terminal.WriteFailures([.. report.Broken.Select(run => new Failure("record_broken", $"The record of run {run.Run} does not verify: {run.Problems[0].Message}"))]);
                    return ExitCodes.ChecksFailed;
                }

                terminal.WriteLine($"Restored and verified: {report.Runs} runs, {report.Events:N0} events.");
                return ExitCodes.Done;
            }
        });

        return command;
    }
}
