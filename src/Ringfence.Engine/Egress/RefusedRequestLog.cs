using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Ringfence.Egress;

/// <summary>
/// Hears from the web server which connections it refused by itself, before any request reached us: malformed heads, conflicting lengths, broken
/// frames. The server tells its log and nobody else; without this such attempts would be missing from the record.
/// </summary>
internal sealed class RefusedRequestLog : ILoggerFactory, ILogger
{
    private static readonly ConcurrentDictionary<string, CapturedConnection> Watched = new();

    public static void Watch(string id, CapturedConnection connection) => Watched[id] = connection;

    public static void Forget(string id) => Watched.TryRemove(id, out _);

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name is "ConnectionBadRequest" or "Http2ConnectionError" or "Http2StreamError" or "HPackDecodingError"
            && state is IEnumerable<KeyValuePair<string, object?>> values
            && values.FirstOrDefault(v => v.Key == "ConnectionId").Value is string id && Watched.TryGetValue(id, out var connection))
        {
            connection.Refuse(EgressReasons.MalformedHttp);
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
