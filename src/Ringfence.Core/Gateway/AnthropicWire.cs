using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Ringfence.Gateway;

/// <summary>Anthropic Messages.</summary>
internal sealed class AnthropicWire : IModelWire
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "model", "max_tokens", "messages", "system", "tools", "stream", "thinking", "service_tier", "speed",
        "inference_geo", "mcp_servers", "context_management", "container", "cache_control");

    public Wire Wire => Wire.Anthropic;

    public Result<CallFacts> Inspect(Route route, ReadOnlySpan<byte> body)
    {
        if (RequestBody.Begin(body, Known, out var model, out var failures) is not { } top)
        {
            return Result.Fail<CallFacts>(failures);
        }

        Options(top, body, failures);
        var maxTokens = top.Whole(body, "max_tokens", failures);
        var content = ContentBound.OfAnthropic(body);
        var tools = ServerTools.OfAnthropic(top.Find(body, "tools") is { } place ? place.Of(body) : [], failures);
        var compacts = top.Find(body, "context_management") is { } management && management.Of(body).IndexOf("compact"u8) >= 0;
        var words = JsonRead.HidesWords(body);
        var caches = words || body.IndexOf("cache_control"u8) >= 0;

        if (failures.Count > 0)
        {
            return Result.Fail<CallFacts>(failures);
        }

        var passes = 1 + tools.Uses + (compacts ? 1 : 0);

        return new CallFacts
        {
            Model = model,
            Streamed = top.IsTrue(body, "stream"),
            MaxTokensAsked = maxTokens,
            Passes = passes,
            Answers = passes,
            Images = content.Images + tools.Definitions,
            InputUnbounded = content.Unbounded || tools.Uses > 0 || compacts,
            CacheWrites5m = caches,
            CacheWrites1h = caches && (words || body.IndexOf("\"1h\""u8) >= 0),
            WebSearches = tools.Searches,
            HasTools = tools.Any,
            ThinkingBudget = Thinking(top, body) is { } thinking ? JsonRead.Whole(thinking.Of(body)) : null,
        };
    }

    public byte[] Rewrite(ReadOnlySpan<byte> body, CallFacts facts, long? maxTokens)
    {
        if (maxTokens is not { } most)
        {
            return body.ToArray();
        }

        var changed = BodyEdit.Set(body, "max_tokens", most);

        if (facts.ThinkingBudget >= most && RequestBody.Read(changed, Known).Succeeded(out var top) && Thinking(top, changed) is { } place)
        {
            changed = JsonRead.Splice(changed, place.Start, place.End, (most - 1).ToString(CultureInfo.InvariantCulture));
        }

        return changed;
    }

    public IReadOnlyList<Part> Parts(ReadOnlySpan<byte> body) => Conversation.Parts(body, "system", "tools", "messages");

    public UsageReader NewReader() => new AnthropicUsageReader();

    public byte[] Error(int status, string code, string message) => JsonSerializer.SerializeToUtf8Bytes(
        new AnthropicError("error", new AnthropicErrorDetail(Kind(status), $"{message} [{code}]")), WireJson.Default.AnthropicError);

    private static string Kind(int status) => status switch
    {
        400 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        _ => "api_error",
    };

    // What changes the price in a way that the table does not say.
    private static void Options(RequestBody top, ReadOnlySpan<byte> body, List<Failure> failures)
    {
        Only(top, body, "service_tier", ["auto", "standard_only"], failures);
        Only(top, body, "speed", ["standard"], failures);
        Only(top, body, "inference_geo", ["global"], failures);

        if (top.Find(body, "mcp_servers") is { } servers && JsonSkim.Array(servers.Of(body)) is not { Count: 0 })
        {
            failures.Add(new Failure("unbounded_request", "mcp_servers lets the provider call the model without bound.", "Configure the server in the agent."));
        }
    }

    internal static void Only(RequestBody top, ReadOnlySpan<byte> body, string name, ReadOnlySpan<string> priced, List<Failure> failures)
    {
        if (top.Find(body, name) is { } place && (JsonRead.Text(place.Of(body)) is not { } value || !priced.Contains(value)))
        {
            failures.Add(new Failure(
                "unpriced_option", $"{name} asks for something that the price table does not price: {Printable.Escape(place.Of(body)[..Math.Min(64, place.End - place.Start)])}."));
        }
    }

    private static JsonPlace? Thinking(RequestBody top, ReadOnlySpan<byte> body)
    {
        if (top.Find(body, "thinking") is not { } thinking || JsonSkim.Object(thinking.Of(body)) is not { } members)
        {
            return null;
        }

        foreach (var member in members)
        {
            if (member.Name == "budget_tokens")
            {
                return new JsonPlace(thinking.Start + member.Start, thinking.Start + member.End);
            }
        }

        return null;
    }
}
