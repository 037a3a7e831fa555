using System.Security.Cryptography;
using Ringfence.Runs;
using Ringfence.Secrets;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>
/// The record of a sandbox that runs alone, without a store: one event per line, chained in the same way. Content is named by its digest and not kept.
/// </summary>
public sealed class JsonLinesRecorder : IRecorder, IDisposable
{
    private readonly Lock sync = new();
    private readonly CanonicalJson json = new();
    private readonly byte[] hash = EventHash.Genesis.ToArray();
    private readonly FileStream file;
    private readonly RunId run;
    private readonly TimeProvider time;
    private readonly SecretRedactor redactor;
    private readonly long opened;
    private long next;

    /// <param name="path">A new file; one that is there already is a failure, since two records in one file are none.</param>
    public JsonLinesRecorder(string path, RunId run, TimeProvider time, SecretRedactor? redactor = null)
    {
        file = new FileStream(path, new FileStreamOptions
        {
            // Nothing waits in our memory: what a supervisor knew when it was killed is what one wants to read then.
            BufferSize = 0,
            Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

        (this.run, this.time, this.redactor, opened) = (run, time, redactor ?? SecretRedactor.None, time.GetTimestamp());
    }

    /// <summary>Hash of the last event: what the next one is chained to.</summary>
    public string Head => Convert.ToHexStringLower(hash);

    public long Append(AuditFact fact)
    {
        lock (sync)
        {
            json.Clear();
            new EventPlace(run, next, time.NowMicroseconds(), (long)time.GetElapsedTime(opened).TotalMicroseconds).Write(json, fact, redactor.Redact);
            EventHash.Compute(hash, json.Written, hash);
            byte[] line = [.. json.Written, (byte)'\n'];
            Guard(file => file.Write(line));
            return next++;
        }
    }

    /// <summary>Nothing waits: each line is the kernel's when <see cref="Append"/> returns, and so outlives us. Only <see cref="Dispose"/> waits for the disk.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public string Keep(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public void Dispose()
    {
        lock (sync)
        {
            Guard(static file => file.Flush(flushToDisk: true));
            file.Dispose();
        }
    }

    private void Guard(Action<FileStream> write)
    {
        try
        {
            write(file);
        }
        catch (IOException exception)
        {
            throw new RecordUnavailableException($"The record {file.Name} cannot be written: {exception.Message}", exception);
        }
    }
}
