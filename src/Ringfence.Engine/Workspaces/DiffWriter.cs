namespace Ringfence.Workspaces;

/// <summary>Writes the difference of a change set and its base, streaming: a diff may be larger than memory should be.</summary>
internal static class DiffWriter
{
    public static async Task<Result<bool>> WriteAsync(
        string gitDirectory, ChangeSet changes, string baseTree, Stream target, DiffFormat format, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> shape = format switch
        {
            DiffFormat.Patch => ["-p", "--binary", "--full-index"],
            DiffFormat.Summary => ["--stat=100", "--summary"],
            _ => ["-p"],
        };

        var started = Git.Own(gitDirectory).Start(
            [.. TreeDiff.Plain, .. format == DiffFormat.Color ? (string[])["--color=always"] : [], .. shape, baseTree, changes.Tree]);

        if (!started.Succeeded(out var git))
        {
            return started.Failures[0];
        }

        await using (git)
        {
            if (format == DiffFormat.Patch)
            {
                await git.Output.CopyToAsync(target, cancellationToken);
            }
            else
            {
                await EscapedText.CopyAsync(git.Output, target, cancellationToken);
            }

            var end = await git.WaitAsync(cancellationToken);
            return end.Code == 0 ? true : GitFailures.From("diff_failed", "Writing the diff", end.Error);
        }
    }
}
