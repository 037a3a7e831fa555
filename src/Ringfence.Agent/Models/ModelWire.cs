using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>A provider's HTTP format. Whatever it is, it tells its answer as the events of the Anthropic stream.</summary>
internal interface IModelWire
{
    /// <summary>One attempt. Ends after <c>message_stop</c>, or with <see cref="ModelEvent.Failed"/>; ending without either means the stream was cut.</summary>
    IAsyncEnumerable<ModelEvent> StreamAsync(ModelRequest request, CancellationToken cancellationToken);
}

internal abstract record ModelEvent
{
    /// <summary>The answer's headers are here.</summary>
    public sealed record Opened(string? RequestId) : ModelEvent;

    public sealed record Chunk(JsonObject Json) : ModelEvent;

    public sealed record Failed(ModelFailure Failure) : ModelEvent;
}
