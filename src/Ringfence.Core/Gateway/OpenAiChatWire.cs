using System.Collections.Frozen;

namespace Ringfence.Gateway;

/// <summary>OpenAI Chat Completions, and the many servers that speak it.</summary>
internal sealed class OpenAiChatWire : IModelWire
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "model", "max_tokens", "max_completion_tokens", "messages", "tools", "stream", "stream_options", "n",
        "service_tier", "web_search_options", "audio", "modalities", "best_of");

    public Wire Wire => Wire.OpenAiChat;

    public Result<CallFacts> Inspect(Route route, ReadOnlySpan<byte> body)
    {
        if (RequestBody.Begin(body, Known, out var model, out var failures) is not { } top)
        {
            return Result.Fail<CallFacts>(failures);
        }

        foreach (var unpriced in (ReadOnlySpan<string>)["web_search_options", "audio"])
        {
            if (top.Find(body, unpriced) is not null)
            {
                failures.Add(new Failure("unpriced_option", $"{unpriced} has no price in the table."));
            }
        }

        AnthropicWire.Only(top, body, "service_tier", ["auto", "default"], failures);
        var older = top.Whole(body, "max_tokens", failures);
        var newer = top.Whole(body, "max_completion_tokens", failures);
        var answers = Math.Max(top.Whole(body, "n", failures) ?? 1, top.Whole(body, "best_of", failures) ?? 1);

        if (answers is < 1 or > 128)
        {
            failures.Add(new Failure("invalid_request", "n is not between 1 and 128."));
        }

        var tools = ServerTools.OfOpenAi(top.Find(body, "tools") is { } place ? place.Of(body) : [], null, failures);
        var content = ContentBound.OfOpenAi(body);

        if (failures.Count > 0)
        {
            return Result.Fail<CallFacts>(failures);
        }

        var streamed = top.IsTrue(body, "stream");

        return new CallFacts
        {
            Model = model,
            Streamed = streamed,
            MaxTokensAsked = older is null ? newer : newer is null ? older : Math.Max(older.Value, newer.Value),
            Answers = (int)answers,
            Images = content.Images,
            InputUnbounded = content.Unbounded,

            // The provider caches by itself, and later models charge for it.
            CacheWrites5m = true,
            HasTools = tools.Any || top.Find(body, "functions") is not null,
            UsageMustBeAsked = streamed && !AsksForUsage(top, body),
        };
    }

    public byte[] Rewrite(ReadOnlySpan<byte> body, CallFacts facts, long? maxTokens)
    {
        var changed = body.ToArray();

        if (maxTokens is { } most)
        {
            var members = JsonSkim.Object(body)!;
            var both = members.Exists(m => m.Name == "max_tokens") && members.Exists(m => m.Name == "max_completion_tokens");
            var newer = members.Exists(m => m.Name == "max_completion_tokens");

            // The field the client used is the one its server knows; servers of other makers often know only the older one.
            changed = BodyEdit.Set(changed, newer ? "max_completion_tokens" : "max_tokens", most);
            changed = both ? BodyEdit.Set(changed, "max_tokens", most) : changed;
        }

        return facts.UsageMustBeAsked ? BodyEdit.Set(changed, "stream_options", "{\"include_usage\":true}") : changed;
    }

    public IReadOnlyList<Part> Parts(ReadOnlySpan<byte> body) => Conversation.Parts(body, "system", "tools", "messages");

    public UsageReader NewReader() => new OpenAiUsageReader(Wire.OpenAiChat);

    public byte[] Error(int status, string code, string message) => OpenAiResponsesWire.OpenAi(status, code, message);

    private static bool AsksForUsage(RequestBody top, ReadOnlySpan<byte> body)
    {
        if (top.Find(body, "stream_options") is not { } place || JsonSkim.Object(place.Of(body)) is not { } options)
        {
            return false;
        }

        foreach (var option in options)
        {
            if (option.Name == "include_usage")
            {
                return option.Of(place.Of(body)).SequenceEqual("true"u8);
            }
        }

        return false;
    }
}
