using System.Runtime.CompilerServices;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

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

    /// <summary>Has the agent work on <paramref name="prompt"/> and answer as a <typeparamref name="T"/>: it is asked again until the answer has that form.</summary>
    /// <param name="type">How <typeparamref name="T"/> is written; its schema is what the answer is held against.</param>
    /// <exception cref="AgentException">The agent could not be started, or ended without such an answer.</exception>
    public static async Task<T> AnswerAsync<T>(string prompt, JsonTypeInfo<T> type, AgentOptions? options = null, CancellationToken cancellationToken = default)
    {
        var schema = type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true }).AsObject();
        AgentMessage.Result? result = null;

        await foreach (var message in QueryAsync(prompt, (options ?? new AgentOptions()) with { OutputSchema = schema }, cancellationToken))
        {
            result = message as AgentMessage.Result ?? result;
        }

        return result!.Output(type);
    }
}
