using System.Text.Json;
using Ringfence.Budgets;

namespace Ringfence.Gateway;

internal sealed class AnthropicUsageReader : UsageReader
{
    private Usage soFar;

    protected override bool Matters(ReadOnlySpan<byte> data) =>
        data.IndexOf("\"usage\""u8) >= 0 || data.IndexOf("\"message_stop\""u8) >= 0 || data.IndexOf("\"error\""u8) >= 0;

    protected override void OnJson(ReadOnlySpan<byte> json)
    {
        using var document = JsonRead.Parse(json);

        if (document is null)
        {
            return;
        }

        var root = (JsonElement?)document.RootElement;

        switch (root.Get("type").Text())
        {
            case "message_start":
                Model = root.Get("message").Get("model").Text();
                Take(root.Get("message").Get("usage"));
                break;
            case "message_delta" when root.Get("usage") is { } usage:
                Take(usage);
                StopReason = root.Get("delta").Get("stop_reason").Text() ?? StopReason;

                // Figures of this event are cumulative and final; what comes after it adds nothing.
                Final = soFar.IsCredible ? soFar : null;
                break;
            case "message_stop":
                IsComplete = true;
                break;
            case "message":
                Model = root.Get("model").Text();
                StopReason = root.Get("stop_reason").Text();
                Take(root.Get("usage"));
                Final = soFar.IsCredible ? soFar : null;
                IsComplete = true;
                break;
            case "error":
                MidwayError = root.Get("error").Get("type").Text() ?? "error";
                break;
        }
    }

    private void Take(JsonElement? usage)
    {
        if (usage is null)
        {
            return;
        }

        // Fields that an event leaves out keep the value of an earlier one; a field may only grow.
        var stated = Read(usage);
        var summed = Iterations(usage);

        soFar = new Usage(
            Most(soFar.Input, stated.Input, summed.Input), Most(soFar.CacheRead, stated.CacheRead, summed.CacheRead),
            Most(soFar.CacheWrite5m, stated.CacheWrite5m, summed.CacheWrite5m), Most(soFar.CacheWrite1h, stated.CacheWrite1h, summed.CacheWrite1h),
            Most(soFar.Output, stated.Output, summed.Output), soFar.Reasoning, Most(soFar.WebSearches, stated.WebSearches, 0));
    }

    private static Usage Read(JsonElement? usage)
    {
        var writes = usage.Get("cache_creation_input_tokens").Count();
        var oneHour = usage.Get("cache_creation").Get("ephemeral_1h_input_tokens").Count();
        var fiveMinutes = usage.Get("cache_creation").Get("ephemeral_5m_input_tokens").Count();

        // The two kinds are charged apart; when they are not told apart, the difference counts as the cheaper kind that the total names.
        return new Usage(
            usage.Get("input_tokens").Count(), usage.Get("cache_read_input_tokens").Count(), Worse(fiveMinutes, writes, oneHour), oneHour,
            usage.Get("output_tokens").Count(), 0, usage.Get("server_tool_use").Get("web_search_requests").Count());
    }

    // Passes that the provider added (compaction) are listed one by one and are not in the total.
    private static Usage Iterations(JsonElement? usage)
    {
        if (usage.Get("iterations") is not { ValueKind: JsonValueKind.Array } iterations)
        {
            return default;
        }

        var sum = default(Usage);

        foreach (var iteration in iterations.EnumerateArray())
        {
            var one = Read(iteration);
            sum = new Usage(
                Sum(sum.Input, one.Input), Sum(sum.CacheRead, one.CacheRead), Sum(sum.CacheWrite5m, one.CacheWrite5m),
                Sum(sum.CacheWrite1h, one.CacheWrite1h), Sum(sum.Output, one.Output), 0, 0);
        }

        return sum;
    }

    private static long Worse(long fiveMinutes, long writes, long oneHour) =>
        fiveMinutes < 0 || writes < 0 || oneHour < 0 ? -1 : Math.Max(fiveMinutes, writes - oneHour);

    private static long Sum(long a, long b) => a < 0 || b < 0 || a > Usage.Ceiling || b > Usage.Ceiling ? -1 : a + b;

    // A count that cannot be read poisons the figure: it is then unknown, never small.
    private static long Most(long a, long b, long c) => a < 0 || b < 0 || c < 0 ? -1 : Math.Max(a, Math.Max(b, c));
}
