namespace Ringfence.Gateway;

/// <summary>A wire as pure inspection: what a request asks for, how its maximum is lowered, what a response used, how a refusal is worded.</summary>
public interface IModelWire
{
    Wire Wire { get; }

    /// <summary>
    /// Reads the request. Fails with every reason when it cannot be bounded: not one JSON object, a member twice, an option without a price.
    /// </summary>
    Result<CallFacts> Inspect(Route route, ReadOnlySpan<byte> body);

    /// <summary>The body with the output maximum set to <paramref name="maxTokens"/>, everything else byte for byte; null leaves the maximum alone.</summary>
    byte[] Rewrite(ReadOnlySpan<byte> body, CallFacts facts, long? maxTokens);

    /// <summary>Where the conversation lies in a body that was inspected, as parts in the order the model reads them.</summary>
    IReadOnlyList<Part> Parts(ReadOnlySpan<byte> body);

    /// <summary>A fresh reader for one response.</summary>
    UsageReader NewReader();

    /// <summary>A refusal in the provider's own shape.</summary>
    byte[] Error(int status, string code, string message);
}

public static class ModelWires
{
    private static readonly IModelWire[] All = [new AnthropicWire(), new OpenAiResponsesWire(), new OpenAiChatWire(), new GeminiWire()];

    public static IModelWire For(Wire wire) => All[(int)wire];
}
