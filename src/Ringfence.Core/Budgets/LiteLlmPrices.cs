using System.Globalization;
using System.Text.Json;

namespace Ringfence.Budgets;

/// <summary>
/// Reads LiteLLM's price file, which most people have. A cost key that is not understood is an error for its model, never a zero: what is not
/// understood could be what makes a call dear.
/// </summary>
public static class LiteLlmPrices
{
    // Prices of options that the gateway refuses, or of media that no wire here carries.
    private static readonly string[] RefusedElsewhere = ["_batches", "_flex", "_priority"];

    private static readonly string[] OtherMedia = ["_audio_token", "_per_image", "_per_image_token", "_per_second", "_per_video", "_per_character"];

    /// <summary>Reads the models that <paramref name="wanted"/> asks for; every model that cannot be read is a failure.</summary>
    public static (IReadOnlyList<ModelPrice> Models, IReadOnlyList<Failure> Failures) Parse(
        ReadOnlyMemory<byte> json, string source, Func<string, bool> wanted)
    {
        var models = new List<ModelPrice>();
        var failures = new List<Failure>();

        try
        {
            using var document = JsonDocument.Parse(json);

            foreach (var entry in document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.EnumerateObject() : default)
            {
                if (IsChat(entry.Value) && wanted(entry.Name))
                {
                    Read(entry.Name, entry.Value, source, models, failures);
                }
            }
        }
        catch (JsonException exception)
        {
            failures.Add(new Failure("bad_prices", $"The price file is not JSON: {exception.Message}"));
        }

        return (models, failures);
    }

    private static bool IsChat(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("mode", out var mode) && mode.ValueKind == JsonValueKind.String
        && mode.GetString() is "chat" or "responses";

    private static void Read(string name, JsonElement entry, string source, List<ModelPrice> models, List<Failure> failures)
    {
        var costs = new Dictionary<string, long>(StringComparer.Ordinal);
        var (wrong, threshold) = (new List<string>(), long.MaxValue);

        foreach (var member in entry.EnumerateObject().Where(m => m.Name.Contains("cost", StringComparison.Ordinal) || m.Name == "tiered_pricing"))
        {
            if (RefusedElsewhere.Any(s => member.Name.EndsWith(s, StringComparison.Ordinal)) || OtherMedia.Any(s => member.Name.Contains(s, StringComparison.Ordinal)))
            {
                continue;
            }

            if (member.Name == "search_context_cost_per_query" && member.Value.ValueKind == JsonValueKind.Object)
            {
                costs["search"] = member.Value.EnumerateObject().Max(size => Pico(size.Value) ?? long.MaxValue);
                continue;
            }

            var (key, from) = Threshold(member.Name);
            threshold = Math.Min(threshold, from);

            if (Pico(member.Value) is not { } pico || !Known(key) || (from != long.MaxValue && from != threshold))
            {
                wrong.Add(member.Name);
                continue;
            }

            costs[key + (from == long.MaxValue ? "" : "_long")] = pico;
        }

        var maxInput = Whole(entry, "max_input_tokens");
        var maxOutput = Whole(entry, "max_output_tokens");

        if (wrong.Count > 0 || !costs.ContainsKey("input_cost_per_token") || !costs.ContainsKey("output_cost_per_token") || maxInput is null || maxOutput is null)
        {
            var reason = wrong.Count > 0 ? $"{string.Join(", ", wrong)} cannot be read" : "a price or a maximum is missing";
            failures.Add(new Failure("bad_price", $"{Printable.Escape(name)}: {reason}."));
            return;
        }

        models.Add(new ModelPrice
        {
            // Gemini's own API knows its models without the prefix.
            Model = name.StartsWith("gemini/", StringComparison.Ordinal) ? name["gemini/".Length..] : name,
            Prices = Prices(costs, ""),
            LongContext = threshold == long.MaxValue ? null : Prices(costs, "_long"),
            LongContextFrom = threshold,
            MaxInput = maxInput.Value,
            MaxOutput = maxOutput.Value,
            WebSearch = costs.TryGetValue("search", out var search) ? search : null,
            Source = source,
        });
    }

    private static bool Known(string key) => key is
        "input_cost_per_token" or "output_cost_per_token" or "cache_read_input_token_cost" or "cache_creation_input_token_cost"
        or "cache_creation_input_token_cost_above_1hr" or "output_cost_per_reasoning_token";

    // A price above a threshold that is not stated is the one below it; a cache price that is not stated is the dearer of what it could be.
    private static TokenPrices Prices(Dictionary<string, long> costs, string tier)
    {
        long At(string key, long otherwise) => costs.TryGetValue(key + tier, out var there) ? there : costs.TryGetValue(key, out var below) ? below : otherwise;

        var input = At("input_cost_per_token", 0);
        var write = Math.Max(At("cache_creation_input_token_cost", input), input);
        var output = Math.Max(At("output_cost_per_token", 0), At("output_cost_per_reasoning_token", 0));

        return new TokenPrices(
            input, At("cache_read_input_token_cost", input), write, Math.Max(At("cache_creation_input_token_cost_above_1hr", write * 2), write), output);
    }

    // "input_cost_per_token_above_200k_tokens" is a tier of "input_cost_per_token".
    private static (string Key, long From) Threshold(string name)
    {
        var at = name.IndexOf("_above_", StringComparison.Ordinal);

        return at > 0 && name.EndsWith("k_tokens", StringComparison.Ordinal)
            && long.TryParse(name.AsSpan()[(at + 7)..^8], NumberStyles.None, CultureInfo.InvariantCulture, out var thousands)
            ? (name[..at], thousands * 1000)
            : (name, long.MaxValue);
    }

    // Dollars, to whole pico-dollars, rounded up.
    private static long? Pico(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var dollars) && dollars is >= 0 and < 1_000
            ? decimal.ToInt64(decimal.Ceiling(dollars * 1_000_000_000_000m))
            : null;

    private static long? Whole(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number)
        && number is > 0 and < 1_000_000_000 && decimal.Truncate(number) == number
            ? decimal.ToInt64(number)
            : null;
}
