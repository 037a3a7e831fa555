using System.Threading.Channels;

namespace Ringfence.Audit;

/// <summary>Hands events to screens while a run goes on. May lose some, never makes the run wait.</summary>
internal sealed class LiveFeed
{
    private readonly Lock sync = new();
    private Screen[] screens = [];

    public void Publish(byte[] body)
    {
        if (Volatile.Read(ref screens) is { Length: > 0 } watching && AuditEvent.TryParse(body) is { } parsed)
        {
            Array.ForEach(watching, screen => screen.Offer(parsed));
        }
    }

    public IDisposable Subscribe(Action<AuditEvent> show)
    {
        var screen = new Screen(this, show);

        lock (sync)
        {
            screens = [.. screens, screen];
        }

        return screen;
    }

    private void Remove(Screen screen)
    {
        lock (sync)
        {
            screens = [.. screens.Where(other => other != screen)];
        }
    }

    private sealed class Screen : IDisposable
    {
        private readonly Channel<AuditEvent> waiting = Channel.CreateBounded<AuditEvent>(
            new BoundedChannelOptions(8192) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        private readonly LiveFeed feed;
        private readonly Task showing;

        public Screen(LiveFeed feed, Action<AuditEvent> show)
        {
            this.feed = feed;
            showing = Task.Run(async () =>
            {
                await foreach (var happened in waiting.Reader.ReadAllAsync())
                {
                    show(happened);
                }
            });
        }

        public void Offer(AuditEvent happened) => waiting.Writer.TryWrite(happened);

        public void Dispose()
        {
            feed.Remove(this);
            waiting.Writer.TryComplete();
            showing.GetAwaiter().GetResult();
        }
    }
}
