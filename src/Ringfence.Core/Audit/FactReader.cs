using System.Text.Json;

namespace Ringfence.Audit;

/// <summary>Turns an event's data back into the record that it was written from.</summary>
internal static class FactReader
{
    public static AuditFact? Read(AuditEvent written)
    {
        if (FactJson.Of(written.Type) is not { } shape)
        {
            return null;
        }

        try
        {
            return (AuditFact?)written.Data.Deserialize(shape) is { } fact
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
