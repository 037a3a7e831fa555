using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Commands.Audit;

/// <summary><c>ringfence audit digest</c>: signs how far the record has come, for a place that the operator does not control.</summary>
internal static class AuditDigestCommand
{
    public static Command Create(Terminal terminal)
    {
        var to = new Option<FileInfo?>("--to") { Description = "Append it to this file, one line per digest, and print only what it says.", HelpName = "FILE" };
        var command = new Command("digest", "Signs how far every run's record has come. Keep copies where the operator of this store cannot write.") { to };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (!(await DigestKey.OpenAsync(home.Folder, cancellationToken)).Succeeded(out var key, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            using (key)
            {
                var digest = await new DigestSigner(home.Database, key, TimeProvider.System).SignAsync(cancellationToken);

                if (parsed.GetValue(to) is not { } file)
                {
                    terminal.WriteLine(digest.ToLine());
                    return ExitCodes.Done;
                }

                await File.AppendAllTextAsync(file.FullName, digest.ToLine() + "\n", cancellationToken);
                terminal.WriteLine($"Digest {digest.Statement.Number}: {digest.Statement.Runs} runs, root {digest.Statement.Root}");
                return ExitCodes.Done;
            }
        });

        return command;
    }
}
