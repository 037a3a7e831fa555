namespace Ringfence.Storage;

/// <summary>Where open connections come from: how many may write at once is what differs most between the two databases.</summary>
internal abstract class SessionSource : IAsyncDisposable
{
    public abstract Dialect Dialect { get; }

    public abstract ValueTask<Rented> RentReaderAsync(CancellationToken cancellationToken);

    public abstract ValueTask<Rented> RentWriterAsync(CancellationToken cancellationToken);

    /// <summary>What an exception while opening means to the person who started us.</summary>
    public abstract Failure Explain(Exception exception);

    public abstract ValueTask DisposeAsync();

    /// <summary>A session that goes back when disposed.</summary>
    internal sealed class Rented(Session session, Func<Session, ValueTask> giveBack) : IAsyncDisposable
    {
        public Session Session => session;

        public ValueTask DisposeAsync() => giveBack(session);
    }
}
