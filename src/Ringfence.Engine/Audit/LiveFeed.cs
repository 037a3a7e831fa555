using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Ringfence.Audit;

/// <summary>Hands events to screens while a run goes on. May lose some, never waits.</summary>
internal sealed class LiveFeed
{
    private readonly Lock sync = new();
    private Channel<AuditEvent>[] screens = [];
    private bool completed;

    public void Publish(byte[] body)
    {
        if (Volatile.Read(ref screens) is { Length: > 0 } watching && AuditEvent.TryParse(body) is { } parsed)
        {
            Array.ForEach(watching, screen => screen.Writer.TryWrite(parsed));
        }
    }

    public IAsyncEnumerable<AuditEvent> SubscribeAsync(CancellationToken cancellationToken)
    {
        var screen = Channel.CreateBounded<AuditEvent>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropOldest });

        // Before the caller reads the first one, so that nothing between is missed.
        lock (sync)
        {
            screens = [.. screens, screen];

            if (completed)
            {
                screen.Writer.Complete();
            }
        }

        return ReadAsync(screen, cancellationToken);
    }

    public void Complete()
    {
        lock (sync)
        {
            completed = true;
            Array.ForEach(screens, screen => screen.Writer.TryComplete());
        }
    }

    private async IAsyncEnumerable<AuditEvent> ReadAsync(Channel<AuditEvent> screen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in screen.Reader.ReadAllAsync(cancellationToken))
            {
                yield return happened;
            }
        }
        finally
        {
            lock (sync)
            {
                screens = [.. screens.Where(other => other != screen)];
            }
        }
    }
}
