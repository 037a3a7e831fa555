namespace Ringfence.Agent.Models;

/// <summary>Which wire is spoken, and where. Named on the command line, by <c>RINGFENCE_PROVIDER</c>, or by the only key there is.</summary>
internal static class Providers
{
    public static string Choose(string? asked, Func<string, string?> environment)
    {
        bool Has(string name) => ModelEndpoint.Blank(environment(name)) is not null;

        return asked ?? ModelEndpoint.Blank(environment("RINGFENCE_PROVIDER"))
            ?? (Has("ANTHROPIC_API_KEY") || Has("ANTHROPIC_AUTH_TOKEN") ? "anthropic" : Has("OPENAI_API_KEY") ? "openai-responses" : Has("GEMINI_API_KEY") ? "gemini" : "anthropic");
    }

    public static ModelEndpoint Endpoint(string provider, Func<string, string?> environment) => provider switch
    {
        "openai-responses" or "openai-chat" => ModelEndpoint.From(environment, "OPENAI_BASE_URL", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        "gemini" => ModelEndpoint.From(environment, "GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com", "GEMINI_API_KEY"),
        _ => ModelEndpoint.Anthropic(environment),
    };

    public static IModelWire Wire(string provider, ModelHttp http) => provider switch
    {
        "openai-responses" => new OpenAiResponsesWire(http),
        "openai-chat" => new OpenAiChatWire(http),
        "gemini" => new GeminiWire(http),
        _ => new AnthropicWire(http),
    };

    /// <summary>Variable that names the model, and the model when nobody does.</summary>
    public static (string Variable, string Model) DefaultModel(string provider) => provider switch
    {
        "openai-responses" or "openai-chat" => ("OPENAI_MODEL", "gpt-5"),
        "gemini" => ("GEMINI_MODEL", "gemini-2.5-pro"),
        _ => ("ANTHROPIC_MODEL", "claude-opus-5-5"),
    };
}
