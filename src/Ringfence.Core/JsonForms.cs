using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence;

/// <summary>Writes enum names in snake_case, as every JSON of ours has them.</summary>
public sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;

/// <summary>Writes money as whole nano-dollars: a JSON number with decimals is a different number in every language.</summary>
public sealed class MoneyAsNanodollars : JsonConverter<Money>
{
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Nanodollars);
}
