using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Audit;

/// <summary>Turns an event's data back into the record that it was written from.</summary>
internal static class FactReader
{
    private static readonly Lazy<Dictionary<string, Type>> Types = new(() =>
        typeof(AuditFact).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(AuditFact)) && !type.IsAbstract)
            .ToDictionary(type => ((AuditFact)RuntimeHelpers.GetUninitializedObject(type)).Type, StringComparer.Ordinal));

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
    };

    public static AuditFact? Read(AuditEvent written)
    {
        if (!Types.Value.TryGetValue(written.Type, out var type))
        {
            return null;
        }

        try
        {
            return (AuditFact?)written.Data.Deserialize(type, Options) is { } fact
                ? fact with { Trust = written.Trust, Turn = written.Turn, Conversation = written.Conversation, Causes = written.Causes }
                : null;
        }
        catch (JsonException)
        {
            // A newer program may have given the type another shape.
            return null;
        }
    }
}
