namespace Ringfence.Agents;

/// <summary>The variables by which programs of any wire find their provider, for an agent of which nothing else is known.</summary>
internal static class GatewayEnvironment
{
    /// <param name="own">What the description says itself; it wins.</param>
    public static IReadOnlyDictionary<string, string> For(IReadOnlyDictionary<string, string> own)
    {
        var environment = new Dictionary<string, string>
        {
            ["ANTHROPIC_BASE_URL"] = "{gateway}",
            ["ANTHROPIC_API_KEY"] = "{token}",
            ["ANTHROPIC_MODEL"] = "{model}",
            ["OPENAI_BASE_URL"] = "{gateway}/v1",
            ["OPENAI_API_KEY"] = "{token}",
            ["OPENAI_MODEL"] = "{model}",
            ["GOOGLE_GEMINI_BASE_URL"] = "{gateway}",
            ["GEMINI_API_KEY"] = "{token}",
            ["GEMINI_MODEL"] = "{model}",
        };

        foreach (var (name, value) in own)
        {
            environment[name] = value;
        }

        return environment;
    }
}
