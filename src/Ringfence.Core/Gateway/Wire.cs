namespace Ringfence.Gateway;

/// <summary>A provider's HTTP format. The names are those of agent descriptions and of the command line.</summary>
public enum Wire
{
    /// <summary>Anthropic Messages: <c>POST /v1/messages</c>.</summary>
    Anthropic,

    /// <summary>OpenAI Responses: <c>POST /v1/responses</c>.</summary>
    OpenAiResponses,

    /// <summary>OpenAI Chat Completions: <c>POST /v1/chat/completions</c>.</summary>
    OpenAiChat,

    /// <summary>Gemini: <c>POST /v1beta/models/M:generateContent</c> and <c>:streamGenerateContent</c>.</summary>
    Gemini,
}

public static class WireName
{
    public static string Of(Wire wire) => wire switch
    {
        Wire.Anthropic => "anthropic",
        Wire.OpenAiResponses => "openai-responses",
        Wire.OpenAiChat => "openai-chat",
        Wire.Gemini => "gemini",
        _ => throw new ArgumentOutOfRangeException(nameof(wire)),
    };

    /// <summary>The wires that a name stands for: one, or both of OpenAI's for <c>openai</c>.</summary>
    public static Result<IReadOnlyList<Wire>> Parse(string name) => name switch
    {
        "anthropic" => new Wire[] { Wire.Anthropic },
        "openai-responses" => new Wire[] { Wire.OpenAiResponses },
        "openai-chat" => new Wire[] { Wire.OpenAiChat },
        "openai" => new Wire[] { Wire.OpenAiResponses, Wire.OpenAiChat },
        "gemini" => new Wire[] { Wire.Gemini },
        _ => new Failure(
            "unknown_wire", $"'{name}' is not a wire.", "Use anthropic, openai, openai-responses, openai-chat or gemini."),
    };
}
