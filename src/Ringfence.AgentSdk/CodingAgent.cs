using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>One prompt, one stream of messages, done.</summary>
public static class CodingAgent
{
    /// <summary>
    /// Has the agent work on <paramref name="prompt"/>. The last message is a <see cref="AgentMessage.Result"/>; leaving the loop or cancelling ends the agent.
    /// </summary>
    /// <exception cref="AgentException">The agent could not be started or ended without a result.</exception>
    public static async IAsyncEnumerable<AgentMessage> QueryAsync(
        string prompt, AgentOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var session = await AgentSession.StartAsync(options ?? new AgentOptions(), cancellationToken);

        await foreach (var message in session.SendAsync(prompt, cancellationToken))
        {
            yield return message;
        }
    }
}

/// <summary>A conversation: prompts one after another, with the same agent process.</summary>
public sealed class AgentSession : IAsyncDisposable
{
    private readonly AgentProcess agent;

    private AgentSession(AgentProcess agent) => this.agent = agent;

    /// <exception cref="AgentException">The agent could not be started.</exception>
    public static async Task<AgentSession> StartAsync(AgentOptions? options = null, CancellationToken cancellationToken = default) =>
        new(await AgentProcess.StartAsync(options ?? new AgentOptions(), cancellationToken));

    /// <summary>Sends a prompt and yields what happens until its result.</summary>
    public async IAsyncEnumerable<AgentMessage> SendAsync(string prompt, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await agent.SendAsync(prompt, cancellationToken);

        await foreach (var raw in agent.Messages.ReadAllAsync(cancellationToken))
        {
            var message = AgentMessage.Parse(raw);
            yield return message;

            if (message is AgentMessage.Result)
            {
                yield break;
            }
        }

        throw agent.Gone();
    }

    /// <summary>Ends the work on the prompt; its result still comes, and the session goes on.</summary>
    public Task InterruptAsync(CancellationToken cancellationToken = default) => agent.AskAsync(new JsonObject { ["subtype"] = "interrupt" }, cancellationToken);

    public Task SetModelAsync(string model, CancellationToken cancellationToken = default) =>
        agent.AskAsync(new JsonObject { ["subtype"] = "set_model", ["model"] = model }, cancellationToken);

    public Task SetPermissionModeAsync(string mode, CancellationToken cancellationToken = default) =>
        agent.AskAsync(new JsonObject { ["subtype"] = "set_permission_mode", ["mode"] = mode }, cancellationToken);

    public ValueTask DisposeAsync() => agent.DisposeAsync();
}
