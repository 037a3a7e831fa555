namespace Ringfence.Agent.Execution.Mcp;

/// <summary>What a tool server sends, up to a longest line: a server that never ends one would fill the memory.</summary>
internal sealed class MessageLimit(Stream inner) : Stream
{
    /// <summary>Bytes. Pictures come as text within a line.</summary>
    public const int LongestLine = 32 << 20;

    private long length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        return Count(buffer.Span[..read]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Count(buffer.AsSpan(offset, inner.Read(buffer, offset, count)));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Count(ReadOnlySpan<byte> read)
    {
        var end = read.LastIndexOf((byte)'\n');
        length = end < 0 ? length + read.Length : read.Length - end - 1;
        return length <= LongestLine ? read.Length : throw new MessageTooLongException($"it sent a message of more than {LongestLine >> 20} MiB");
    }

    /// <summary>The same for what comes over HTTP, as one body or as a stream of events.</summary>
    public sealed class OfAnswers() : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            var limited = new StreamContent(new MessageLimit(await response.Content.ReadAsStreamAsync(cancellationToken)));

            foreach (var (name, values) in response.Content.Headers)
            {
                limited.Headers.TryAddWithoutValidation(name, values);
            }

            response.Content = limited;
            return response;
        }
    }
}

internal sealed class MessageTooLongException(string message) : IOException(message);
