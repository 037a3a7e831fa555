using System.Text.Json.Serialization;
using Ringfence.Budgets;
using Ringfence.Gateway;

namespace Ringfence.App.Commands;

internal sealed record PricesView(string Version, DateOnly Date, IReadOnlyList<ModelPrice> Models);

/// <param name="Key">The key itself: shown once.</param>
internal sealed record CreatedKeyView(string Id, string Key, string Name);

internal sealed record ListeningView(string Address, int Pid);

/// <summary>What the gateway's commands print with <c>--json</c>. Money is in nano-dollars, prices in pico-dollars per token. Add, never rename.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(NanodollarConverter)])]
[JsonSerializable(typeof(PricesView))]
[JsonSerializable(typeof(CreatedKeyView))]
[JsonSerializable(typeof(ListeningView))]
[JsonSerializable(typeof(IReadOnlyList<ScopeBalance>))]
[JsonSerializable(typeof(IReadOnlyList<GatewayKey>))]
[JsonSerializable(typeof(IReadOnlyList<GatewayUsage>))]
internal sealed partial class GatewayJson : JsonSerializerContext;

internal sealed class NanodollarConverter : JsonConverter<Money>
{
    public override Money Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) => new(reader.GetInt64());

    public override void Write(System.Text.Json.Utf8JsonWriter writer, Money value, System.Text.Json.JsonSerializerOptions options) => writer.WriteNumberValue(value.Nanodollars);
}
