using System.Text.Json.Nodes;

namespace Ringfence.Agent.Models;

/// <summary>Tokens by the price they are charged at.</summary>
internal readonly record struct TokenUsage(long Input, long Output, long CacheRead, long CacheWrite, long CacheWriteHour)
{
    /// <summary>Everything the model read.</summary>
    public long AllInput => Input + CacheRead + CacheWrite + CacheWriteHour;

    public static TokenUsage operator +(TokenUsage a, TokenUsage b) => new(
        a.Input + b.Input, a.Output + b.Output, a.CacheRead + b.CacheRead, a.CacheWrite + b.CacheWrite, a.CacheWriteHour + b.CacheWriteHour);

    public static TokenUsage operator -(TokenUsage a, TokenUsage b) => new(
        a.Input - b.Input, a.Output - b.Output, a.CacheRead - b.CacheRead, a.CacheWrite - b.CacheWrite, a.CacheWriteHour - b.CacheWriteHour);

    /// <summary>Reads Anthropic's <c>usage</c>; what is absent keeps the value of <paramref name="before"/>, since later events repeat only what changed.</summary>
    public static TokenUsage Read(JsonObject? usage, TokenUsage before)
    {
        if (usage is null)
        {
            return before;
        }

        var hour = usage.Object("cache_creation").Integer("ephemeral_1h_input_tokens");
        var write = usage.Integer("cache_creation_input_tokens");

        return new TokenUsage(
            usage.Integer("input_tokens") ?? before.Input,
            usage.Integer("output_tokens") ?? before.Output,
            usage.Integer("cache_read_input_tokens") ?? before.CacheRead,
            write is null ? before.CacheWrite : write.Value - (hour ?? 0),
            hour ?? before.CacheWriteHour);
    }

    public JsonObject ToJson() => new()
    {
        ["input_tokens"] = Input,
        ["cache_creation_input_tokens"] = CacheWrite + CacheWriteHour,
        ["cache_read_input_tokens"] = CacheRead,
        ["cache_creation"] = new JsonObject { ["ephemeral_5m_input_tokens"] = CacheWrite, ["ephemeral_1h_input_tokens"] = CacheWriteHour },
        ["output_tokens"] = Output,
    };
}
