using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>A conversation: prompts one after another, with the same agent process. What is asked or changed between them is answered at once.</summary>
public sealed partial class AgentSession : IAsyncDisposable
{
    private readonly AgentProcess agent;

    private AgentSession(AgentProcess agent) => this.agent = agent;

    /// <exception cref="AgentException">The agent could not be started.</exception>
    public static async Task<AgentSession> StartAsync(AgentOptions? options = null, CancellationToken cancellationToken = default) =>
        new(await AgentProcess.StartAsync(options ?? new AgentOptions(), cancellationToken));

    /// <summary>What the agent said of itself when it began: <c>commands</c>, <c>models</c>, <c>agents</c>, <c>account</c>.</summary>
    public JsonObject Described => agent.Described;

    /// <summary>Sends a prompt and yields what happens until its result.</summary>
    /// <exception cref="AgentException">The agent ended without one.</exception>
    public IAsyncEnumerable<AgentMessage> SendAsync(string prompt, CancellationToken cancellationToken = default) => SendAsync(prompt, Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), cancellationToken);

    /// <inheritdoc cref="SendAsync(string, CancellationToken)"/>
    /// <param name="content">Text, or an array of content blocks (text, images) in the form of the Anthropic API.</param>
    /// <param name="id">Names the prompt, for <see cref="RewindFilesAsync"/>.</param>
    public async IAsyncEnumerable<AgentMessage> SendAsync(JsonNode content, Guid id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await agent.SendAsync(content, id, cancellationToken);

        await foreach (var raw in agent.Messages.ReadAllAsync(cancellationToken))
        {
            var message = AgentMessage.Parse(raw);
            yield return message;

            if (message is AgentMessage.Result)
            {
                yield break;
            }
        }

        throw await agent.GoneAsync();
    }

    /// <summary>Ends the agent: kindly, and by force when it does not listen.</summary>
    public ValueTask DisposeAsync() => agent.DisposeAsync();
}
