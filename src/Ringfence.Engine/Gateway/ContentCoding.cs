using System.IO.Compression;
using System.IO.Pipelines;

namespace Ringfence.Gateway;

/// <summary>Reads compressed answers for their usage while the compressed bytes pass untouched.</summary>
internal static class ContentCoding
{
    private static readonly string[] Known = ["gzip", "deflate", "br", "identity"];

    /// <summary>The caller's choice of codings without those that could not be metered.</summary>
    public static string Acceptable(string accepted)
    {
        var kept = accepted.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(coding => Known.Contains(coding.Split(';')[0].Trim(), StringComparer.OrdinalIgnoreCase))
            .ToArray();

        return kept.Length > 0 ? string.Join(", ", kept) : "identity";
    }

    /// <summary>Something that takes the raw bytes of a response and hands what they mean to <paramref name="reader"/>.</summary>
    public static ITap Tap(string? coding, UsageReader reader) => coding?.Trim().ToLowerInvariant() switch
    {
        null or "" or "identity" => new PlainTap(reader),
        "gzip" or "x-gzip" => new DecodingTap(reader, raw => new GZipStream(raw, CompressionMode.Decompress)),
        "deflate" => new DecodingTap(reader, raw => new ZLibStream(raw, CompressionMode.Decompress)),
        "br" => new DecodingTap(reader, raw => new BrotliStream(raw, CompressionMode.Decompress)),

        // Nothing is read: the usage stays unknown, and the whole reservation counts.
        _ => new BlindTap(),
    };

    internal interface ITap
    {
        void Feed(ReadOnlySpan<byte> raw);

        /// <summary>Returns when everything that was fed has been read.</summary>
        Task CompleteAsync();
    }

    private sealed class PlainTap(UsageReader reader) : ITap
    {
        public void Feed(ReadOnlySpan<byte> raw) => reader.Feed(raw);

        public Task CompleteAsync()
        {
            reader.Complete();
            return Task.CompletedTask;
        }
    }

    private sealed class BlindTap : ITap
    {
        public void Feed(ReadOnlySpan<byte> raw)
        {
        }

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class DecodingTap : ITap
    {
        // A kilobyte can unpack to a megabyte; an answer of a model never needs to.
        private const long MostDecoded = 256 << 20;

        private readonly Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        private readonly UsageReader reader;
        private readonly Task decoding;

        public DecodingTap(UsageReader reader, Func<Stream, Stream> open)
        {
            this.reader = reader;
            decoding = DecodeAsync(open);
        }

        public void Feed(ReadOnlySpan<byte> raw)
        {
            raw.CopyTo(pipe.Writer.GetSpan(raw.Length));
            pipe.Writer.Advance(raw.Length);

            // Without a limit to wait at, this completes at once.
            _ = pipe.Writer.FlushAsync(CancellationToken.None).AsTask();
        }

        public async Task CompleteAsync()
        {
            await pipe.Writer.CompleteAsync();
            await decoding;
            reader.Complete();
        }

        private async Task DecodeAsync(Func<Stream, Stream> open)
        {
            var buffer = new byte[16 << 10];
            var decoded = 0L;

            try
            {
                await using var stream = open(pipe.Reader.AsStream());
                int count;

                while ((count = await stream.ReadAsync(buffer)) > 0 && (decoded += count) <= MostDecoded)
                {
                    reader.Feed(buffer.AsSpan(0, count));
                }
            }
            catch (Exception exception) when (exception is InvalidDataException or IOException or InvalidOperationException)
            {
                // Damaged or cut: what was read so far stands, and without a final report the usage is unknown.
            }
        }
    }
}
