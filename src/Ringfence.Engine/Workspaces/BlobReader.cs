using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using Ringfence.Processes;

namespace Ringfence.Workspaces;

/// <summary>Reads contents that git keeps, many by one process.</summary>
internal sealed class BlobReader : IAsyncDisposable
{
    private readonly ChildProcess git;
    private readonly PipeReader answers;
    private readonly Task asking;
    private int left;

    private BlobReader(ChildProcess git, IReadOnlyList<string> oids, CancellationToken cancellationToken)
    {
        this.git = git;
        answers = PipeReader.Create(git.Output, new StreamPipeReaderOptions(bufferSize: 128 * 1024, leaveOpen: true));
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
                if (await reader.NextSizeAsync(cancellationToken) is { } size)
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
    public async ValueTask<long?> NextSizeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await answers.ReadAsync(cancellationToken);

            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var size = SizeIn(read.Buffer.Slice(0, end));
                answers.AdvanceTo(read.Buffer.GetPosition(1, end));
                left--;
                return size;
            }

            answers.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            ThrowAtTheEnd(read);
        }
    }

    /// <summary>Takes the content whose size was just told.</summary>
    public async Task CopyAsync(Stream target, long size, CancellationToken cancellationToken)
    {
        var rest = size + 1; // with the line break after it

        while (rest > 0)
        {
            var read = await answers.ReadAsync(cancellationToken);
            var part = read.Buffer.Slice(0, Math.Min(rest, read.Buffer.Length));

            foreach (var bytes in part.Slice(0, Math.Min(rest - 1, part.Length)))
            {
                await target.WriteAsync(bytes, cancellationToken);
            }

            rest -= part.Length;
            answers.AdvanceTo(part.End);

            if (rest > 0)
            {
                ThrowAtTheEnd(read);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await answers.CompleteAsync();

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

    /// <summary>Of <c>OID blob SIZE</c>; null of <c>OID missing</c>, and of what is no content.</summary>
    private static long? SizeIn(ReadOnlySequence<byte> header)
    {
        var line = header.ToArray().AsSpan();
        var space = line.IndexOf(" blob "u8);
        return space >= 0 && Utf8Parser.TryParse(line[(space + " blob ".Length)..], out long size, out _) ? size : null;
    }

    private static void ThrowAtTheEnd(ReadResult read)
    {
        if (read.IsCompleted)
        {
            throw new EndOfStreamException("git ended in the middle of a file.");
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
