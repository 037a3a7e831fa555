using System.Text.Json;
using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>Reads both of OpenAI's wires: their usage differs in the names of its fields.</summary>
internal sealed class OpenAiUsageReader(Wire wire) : UsageReader
{
    private long searches;

    protected override bool Matters(ReadOnlySpan<byte> data) =>
        data.IndexOf("\"usage\""u8) >= 0 || data.IndexOf("\"finish_reason\""u8) >= 0 || data.IndexOf("\"error\""u8) >= 0
        || data.IndexOf("[DONE]"u8) >= 0 || data.IndexOf("\"response.failed\""u8) >= 0;

    protected override void OnJson(ReadOnlySpan<byte> json)
    {
        if (json.SequenceEqual("[DONE]"u8))
        {
            IsComplete = true;
            return;
        }

        using var document = JsonRead.Parse(json);

        if (document is null)
        {
            return;
        }

        var root = (JsonElement?)document.RootElement;

        if (wire == Wire.OpenAiResponses)
        {
            OnResponse(root.Get("response") ?? (IsEventStream ? null : root), root.Get("type").Text());
        }
        else
        {
            OnChat(root);
        }

        if (root.Get("error") is { ValueKind: JsonValueKind.Object } error)
        {
            MidwayError = error.Get("code").Text() ?? error.Get("type").Text() ?? "error";
        }
    }

    private void OnResponse(JsonElement? response, string? type)
    {
        if (type == "error")
        {
            MidwayError = "error";
        }

        if (response.Get("usage") is not { } usage)
        {
            return;
        }

        Model = response.Get("model").Text() ?? Model;
        StopReason = response.Get("status").Text();
        IsComplete = StopReason is "completed" or "incomplete" or "failed";

        if (response.Get("output") is { ValueKind: JsonValueKind.Array } output)
        {
            searches = output.EnumerateArray().Count(item => ((JsonElement?)item).Get("type").Text() == "web_search_call");
        }

        var input = usage.Get("input_tokens").Count();
        Take(input, usage.Get("input_tokens_details"), usage.Get("output_tokens").Count(), usage.Get("output_tokens_details").Get("reasoning_tokens").Count());
    }

    private void OnChat(JsonElement? root)
    {
        Model = root.Get("model").Text() ?? Model;

        if (root.Get("choices") is { ValueKind: JsonValueKind.Array } choices && choices.GetArrayLength() > 0)
        {
            StopReason = ((JsonElement?)choices[0]).Get("finish_reason").Text() ?? StopReason;
        }

        if (root.Get("usage") is not { } usage)
        {
            return;
        }

        var input = usage.Get("prompt_tokens").Count();
        Take(input, usage.Get("prompt_tokens_details"), usage.Get("completion_tokens").Count(), usage.Get("completion_tokens_details").Get("reasoning_tokens").Count());
        IsComplete |= !IsEventStream;
    }

    private void Take(long input, JsonElement? details, long output, long reasoning)
    {
        var (cached, written) = (details.Get("cached_tokens").Count(), details.Get("cache_write_tokens").Count());
        var usage = new Usage(input < 0 || cached < 0 || written < 0 ? -1 : input - cached - written, cached, written, 0, output, reasoning, searches);
        Final = usage.IsCredible ? usage : null;
    }
}
