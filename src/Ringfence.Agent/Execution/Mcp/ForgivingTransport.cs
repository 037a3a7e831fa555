using System.Threading.Channels;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Ringfence.Agent.Execution.Mcp;

/// <summary>
/// A client first asks <c>server/discover</c>, which servers of before 2026 do not know. Most say so with an error; some answer every method they do not know with
/// an empty result. That is taken for the error it stands for, so that they are greeted in the old way.
/// </summary>
internal sealed class ForgivingTransport(IClientTransport inner) : IClientTransport
{
    public string Name => inner.Name;

    public async Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default) => new Session(await inner.ConnectAsync(cancellationToken));

    private sealed class Session(ITransport inner) : ITransport
    {
        private readonly Answers answers = new(inner.MessageReader);

        public string? SessionId => inner.SessionId;

        public ChannelReader<JsonRpcMessage> MessageReader => answers;

        public Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
        {
            if (message is JsonRpcRequest { Method: RequestMethods.ServerDiscover, Id: var id })
            {
                answers.Probe = id;
            }

            return inner.SendMessageAsync(message, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Answers(ChannelReader<JsonRpcMessage> inner) : ChannelReader<JsonRpcMessage>
    {
        public RequestId Probe { get; set; }

        public override Task Completion => inner.Completion;

        public override bool TryRead([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out JsonRpcMessage item)
        {
            if (!inner.TryRead(out item))
            {
                return false;
            }

            if (item is JsonRpcResponse { Id: var id, Result: var result } && id.Equals(Probe) && result?["supportedVersions"] is null)
            {
                item = new JsonRpcError { Id = id, Error = new JsonRpcErrorDetail { Code = (int)ModelContextProtocol.McpErrorCode.MethodNotFound, Message = "The method is not known." } };
            }

            return true;
        }

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => inner.WaitToReadAsync(cancellationToken);
    }
}
