using System.CommandLine;
using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Commands.Audit;

/// <summary><c>ringfence audit digest</c>: signs how far the record has come, once or on a schedule, for a place that the operator does not control.</summary>
internal static class AuditDigestCommand
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public static Command Create(Terminal terminal)
    {
        var to = new Option<FileInfo?>("--to") { Description = "Append it to this file, one line per digest, and print only what it says.", HelpName = "FILE" };
        var reference = new Option<DirectoryInfo?>("--ref") { Description = $"Commit it to {DigestRef.Name} of the repository in this folder.", HelpName = "FOLDER" };
        var push = new Option<string?>("--push") { Description = "With --ref: push it to this remote.", HelpName = "REMOTE" };
        var every = new Option<string?>("--every") { Description = "Go on signing, also when nothing happened: 15m, 1h, 1d. Ends with Ctrl-C.", HelpName = "TIME" };
        var command = new Command("digest", "Signs how far every run's record has come. Keep copies where the operator of this store cannot write.") { to, reference, push, every };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var place = new Place(parsed.GetValue(to), parsed.GetValue(reference) is { } folder ? new DigestRef(folder.FullName, parsed.GetValue(push)) : null);
            var failures = Problems(parsed.GetValue(every), parsed.GetValue(push), place, out var period).ToList();

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            if (!(await DigestKey.OpenAsync(home.Folder, cancellationToken)).Succeeded(out var key, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            using (key)
            {
                var signer = new DigestSigner(home.Database, key, TimeProvider.System);
                return period is { } time
                    ? await RepeatAsync(terminal, signer, place, time, cancellationToken)
                    : await SignAsync(terminal, signer, place, cancellationToken);
            }
        });

        return command;
    }

    private static IEnumerable<Failure> Problems(string? every, string? push, Place place, out TimeSpan? period)
    {
        var failures = new List<Failure>();
        period = null;

        if (every is not null)
        {
            if (Duration.TryParse(every, out var time) && time >= Shortest)
            {
                period = time;
            }
            else
            {
                failures.Add(new Failure("bad_time", $"--every cannot be '{Printable.Escape(every)}'.", "Write 15m, 1h or 1d; the shortest is 1s."));
            }
        }

        if (push is not null && place.Reference is null)
        {
            failures.Add(new Failure("bad_arguments", "--push needs --ref.", "Name the folder of the repository: --ref FOLDER --push origin."));
        }

        return failures;
    }

    /// <summary>Until it is stopped. A place that cannot be reached now may be there the next time; the digest is in the store.</summary>
    private static async Task<int> RepeatAsync(Terminal terminal, DigestSigner signer, Place place, TimeSpan period, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(period, TimeProvider.System);

        try
        {
            do
            {
                await SignAsync(terminal, signer, place, cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how it ends.
        }

        return ExitCodes.Done;
    }

    private static async Task<int> SignAsync(Terminal terminal, DigestSigner signer, Place place, CancellationToken cancellationToken)
    {
        var digest = await signer.SignAsync(cancellationToken);

        if (place is { File: null, Reference: null })
        {
            terminal.WriteLine(digest.ToLine());
            return ExitCodes.Done;
        }

        try
        {
            if (place.File is { } file)
            {
                await File.AppendAllTextAsync(file.FullName, digest.ToLine() + "\n", cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            terminal.WriteFailures([new Failure("digest_file", $"The digest cannot be written: {exception.Message}", "It is in the store; sign again to a place that can be written.")]);
            return ExitCodes.Environment;
        }

        if (place.Reference is { } reference && !(await reference.AppendAsync(digest, cancellationToken)).Succeeded(out _, out var why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.Environment;
        }

        terminal.WriteLine($"Digest {digest.Statement.Number}: {digest.Statement.Runs} runs, root {digest.Statement.Root}");
        return ExitCodes.Done;
    }

    private sealed record Place(FileInfo? File, DigestRef? Reference);
}
