using System.Text;
using System.Text.Json;
using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>One event as it stands in the record. Events of unknown type or newer version are read too; their data stay JSON.</summary>
public sealed class AuditEvent
{
    private readonly JsonElement root;
    private AuditFact? fact;
    private volatile bool factWasRead;

    private AuditEvent(ReadOnlyMemory<byte> body, JsonElement root)
    {
        Body = body;
        this.root = root;
    }

    /// <summary>The bytes that were hashed.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The same as text: one line of JSON.</summary>
    public string Json => Encoding.UTF8.GetString(Body.Span);

    public RunId Run => new(root.GetProperty("run").GetString()!);

    public long Seq => root.GetProperty("seq").GetInt64();

    public string Type => root.GetProperty("type").GetString()!;

    /// <summary>Microseconds UTC.</summary>
    public long AtMicroseconds => root.GetProperty("at_us").GetInt64();

    public DateTimeOffset At => DateTimeOffset.UnixEpoch.AddTicks(AtMicroseconds * TimeSpan.TicksPerMicrosecond);

    public long MonoMicroseconds => root.GetProperty("mono_us").GetInt64();

    public Trust Trust => root.GetProperty("trust").GetString() switch
    {
        "observed" => Trust.Observed,
        "reported" => Trust.Reported,
        _ => Trust.Inferred,
    };

    public int Turn => root.TryGetProperty("turn", out var turn) ? turn.GetInt32() : 0;

    public string? Conversation => root.TryGetProperty("conversation", out var conversation) ? conversation.GetString() : null;

    public IReadOnlyList<long> Causes =>
        root.TryGetProperty("causes", out var causes) ? [.. causes.EnumerateArray().Select(cause => cause.GetInt64())] : [];

    public JsonElement Data => root.GetProperty("data");

    /// <summary>The fact as its record, or null when this program does not know the type.</summary>
    public AuditFact? Fact
    {
        get
        {
            if (!factWasRead)
            {
                (fact, factWasRead) = (FactReader.Read(this), true);
            }

            return fact;
        }
    }

    /// <summary>Reads one event, or returns null when the bytes are not one.</summary>
    public static AuditEvent? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span);
            var root = JsonElement.ParseValue(ref reader);
            var parsed = new AuditEvent(body, root);

            // Asked once here, so that the properties cannot throw later.
            _ = (parsed.Run, parsed.Seq, parsed.Type, parsed.AtMicroseconds, parsed.MonoMicroseconds, parsed.Trust, parsed.Turn, parsed.Data);
            return parsed;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    public override string ToString() => $"{Seq} {Type}";
}
