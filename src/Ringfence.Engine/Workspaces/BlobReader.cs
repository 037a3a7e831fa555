using System.Globalization;
using System.Text;
using Ringfence.Processes;

namespace Ringfence.Workspaces;

/// <summary>Reads contents that git keeps, many by one process.</summary>
internal sealed class BlobReader : IAsyncDisposable
{
    private readonly ChildProcess git;
    private readonly BufferedStream answers;
    private readonly Task asking;
    private int left;

    private BlobReader(ChildProcess git, IReadOnlyList<string> oids, CancellationToken cancellationToken)
    {
        this.git = git;
        answers = new BufferedStream(git.Output, 128 * 1024);
        left = oids.Count;
        asking = AskAsync(oids, cancellationToken);
    }

    public static Result<BlobReader> Start(Git git, IReadOnlyList<string> oids, CancellationToken cancellationToken)
    {
        var started = git.Start(["cat-file", "--batch"]);
        return started.Succeeded(out var process) ? new BlobReader(process, oids, cancellationToken) : started.Failures[0];
    }

    /// <summary>The contents that are there and at most <paramref name="largest"/> bytes long, by name; in the order asked, as long as all are within
    /// <paramref name="together"/> bytes.</summary>
    public static async Task<Result<IReadOnlyDictionary<string, byte[]>>> ReadAsync(
        Git git, IReadOnlyList<string> oids, int largest, long together, CancellationToken cancellationToken)
    {
        var blobs = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var total = 0L;

        if (oids.Count == 0)
        {
            return blobs;
        }

        var started = Start(git, oids, cancellationToken);

        if (!started.Succeeded(out var reader))
        {
            return started.Failures[0];
        }

        await using (reader)
        {
            foreach (var oid in oids)
            {
                if (reader.NextSize() is { } size)
                {
                    var isWanted = size <= largest && total + size <= together;
                    using var content = new MemoryStream(isWanted ? (int)size : 0);
                    await reader.CopyAsync(isWanted ? content : Stream.Null, size, cancellationToken);

                    if (isWanted)
                    {
                        blobs[oid] = content.ToArray();
                        total += size;
                    }
                }
            }
        }

        return blobs;
    }

    /// <summary>Bytes of the next content, in the order asked; null when there is no such content.</summary>
    public long? NextSize()
    {
        var header = new StringBuilder();

        for (int b; (b = answers.ReadByte()) is not ('\n' or -1);)
        {
            header.Append((char)b);
        }

        left--;
        return header.ToString().Split(' ') is [_, "blob", var size] ? long.Parse(size, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Takes the content whose size was just told.</summary>
    public async Task CopyAsync(Stream target, long size, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(64 * 1024, Math.Max(1, size))];

        while (size > 0)
        {
            var read = await answers.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size)), cancellationToken);

            if (read == 0)
            {
                throw new EndOfStreamException("git ended in the middle of a file.");
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            size -= read;
        }

        answers.ReadByte(); // the line break after it
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // Everything asked was read: it ends by itself. Ending a process by force means looking through all of the machine's.
            if (left == 0)
            {
                await asking;
                await git.WaitAsync(CancellationToken.None);
            }

            await git.DisposeAsync();
            await asking;
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException)
        {
            await git.DisposeAsync(); // given up before everything was asked
        }
    }

    private async Task AskAsync(IReadOnlyList<string> oids, CancellationToken cancellationToken)
    {
        await using var requests = new BufferedStream(git.Input, 16 * 1024);

        foreach (var oid in oids)
        {
            await requests.WriteAsync(Encoding.ASCII.GetBytes(oid + "\n"), cancellationToken);
        }
    }
}
