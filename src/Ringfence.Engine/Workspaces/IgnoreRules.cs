using System.Text;
using Ringfence.Processes;

namespace Ringfence.Workspaces;

/// <summary>
/// Asks git which untracked paths are ignored, over a work tree that holds nothing but ignore files. The rules are data: no configuration
/// of the workspace is read, and there is no symbolic link to be led astray by. The process starts with the first question.
/// </summary>
/// <param name="folder">An empty folder of ours for the work tree.</param>
internal sealed class IgnoreRules(string gitDirectory, string folder) : IAsyncDisposable
{
    private const long LargestFile = 1 << 20;
    // Less than a pipe holds: while we write a batch nobody waits for us to read.
    private const int BatchBytes = 32 * 1024;
    private static ReadOnlySpan<byte> FileName => ".gitignore"u8;
    private ChildProcess? process;
    private BufferedStream? answers;

    /// <summary>Makes the ignore file of a folder count, if it is a regular file of sane size. Before a path in that folder is asked about.</summary>
    /// <param name="path">The folder, relative to the workspace.</param>
    /// <param name="from">Where its ignore file is.</param>
    public void Add(byte[] path, UnixFolder from)
    {
        if (from.Stat(FileName) is not { Kind: UnixKind.File, Size: > 0 and < LargestFile } stat)
        {
            return;
        }

        var content = new byte[stat.Size];
        using var file = from.OpenFile(FileName);
        var length = RandomAccess.Read(file, content, 0);
        using var root = UnixFolder.Open(folder);
        using var target = root.MakeBelow(path);
        using var copy = target.CreateFile(FileName, 0x1A4);
        copy.Write(content, 0, length);
    }

    /// <summary>One answer per path, in order.</summary>
    /// <param name="paths">Relative to the workspace; folders end with a slash.</param>
    public Result<bool[]> AreIgnored(IReadOnlyList<byte[]> paths)
    {
        var result = new bool[paths.Count];

        if (paths.Count == 0)
        {
            return result;
        }

        if (process is null)
        {
            var started = Git.Own(gitDirectory, folder).Start(["check-ignore", "--no-index", "--stdin", "-z", "--verbose", "--non-matching"]);

            if (!started.Succeeded(out process))
            {
                return started.Failures[0];
            }

            answers = new BufferedStream(process.Output, 64 * 1024);
        }

        for (int from = 0, to = 0; from < paths.Count; from = to)
        {
            using var batch = new MemoryStream();

            // git keeps the ignore files of the last path's folders; a path at the top makes it read those of the next ones anew.
            batch.Write("./.\0"u8);

            while (to < paths.Count && (to == from || batch.Length + paths[to].Length < BatchBytes))
            {
                // "./" keeps a name that begins with a colon from being read as pathspec magic.
                batch.Write("./"u8);
                batch.Write(paths[to++]);
                batch.WriteByte(0);
            }

            try
            {
                process.Input.Write(batch.GetBuffer(), 0, (int)batch.Length);
                process.Input.Flush();

                for (var i = from - 1; i < to; i++)
                {
                    // source, line, pattern, path; a pattern that begins with an exclamation mark takes back.
                    Field();
                    Field();
                    var pattern = Field();
                    Field();

                    if (i >= from)
                    {
                        result[i] = pattern.Length > 0 && pattern[0] != '!';
                    }
                }
            }
            catch (IOException)
            {
                return new Failure("ignore_rules_failed", "git stopped while it was asked which files are ignored.");
            }
        }

        return result;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            // It ends by itself when there are no more questions; ending a process by force means looking through all of the machine's.
            await process.WaitAsync(CancellationToken.None);
            await process.DisposeAsync();
        }
    }

    private string Field()
    {
        var text = new StringBuilder();

        for (int b; (b = answers!.ReadByte()) != 0;)
        {
            text.Append(b > 0 ? (char)b : throw new EndOfStreamException());
        }

        return text.ToString();
    }
}
