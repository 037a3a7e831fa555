using System.Buffers.Text;
using System.Text;

namespace Ringfence.Audit;

/// <summary>
/// Where an event says it stands, read from the end of its bytes: in canonical order everything after the data is ours, so nothing an agent wrote can be
/// taken for it. Whole JSON is read only when the end is not of that form.
/// </summary>
internal readonly ref struct EventEnvelope
{
    private EventEnvelope(ReadOnlySpan<byte> run, long seq, ReadOnlySpan<byte> type)
    {
        Run = run;
        Seq = seq;
        Type = type;
    }

    public ReadOnlySpan<byte> Run { get; }

    public long Seq { get; }

    public ReadOnlySpan<byte> Type { get; }

    public static bool TryRead(ReadOnlySpan<byte> body, out EventEnvelope envelope) => TryReadEnd(body, out envelope) || TryReadWhole(body, out envelope);

    private static bool TryReadEnd(ReadOnlySpan<byte> body, out EventEnvelope envelope)
    {
        envelope = default;
        var end = body.Length > 256 ? body[^256..] : body;
        var start = end.LastIndexOf(",\"run\":\""u8);

        if (start < 0)
        {
            return false;
        }

        var rest = end[start..];

        if (!TryTake(ref rest, ",\"run\":\""u8) || !TryTakeUntilQuote(ref rest, out var run)
            || !TryTake(ref rest, ",\"seq\":"u8) || !TryTakeInteger(ref rest, out var seq)
            || !TryTake(ref rest, ",\"trust\":\""u8) || !TryTakeUntilQuote(ref rest, out _))
        {
            return false;
        }

        if (TryTake(ref rest, ",\"turn\":"u8) && !TryTakeInteger(ref rest, out _))
        {
            return false;
        }

        if (!TryTake(ref rest, ",\"type\":\""u8) || !TryTakeUntilQuote(ref rest, out var type)
            || !TryTake(ref rest, ",\"v\":"u8) || !TryTakeInteger(ref rest, out _) || !rest.SequenceEqual("}"u8))
        {
            return false;
        }

        envelope = new EventEnvelope(run, seq, type);
        return true;
    }

    private static bool TryReadWhole(ReadOnlySpan<byte> body, out EventEnvelope envelope)
    {
        var parsed = AuditEvent.TryParse(body.ToArray());
        envelope = parsed is null ? default : new EventEnvelope(Encoding.UTF8.GetBytes(parsed.Run.Value), parsed.Seq, Encoding.UTF8.GetBytes(parsed.Type));
        return parsed is not null;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> expected)
    {
        if (!rest.StartsWith(expected))
        {
            return false;
        }

        rest = rest[expected.Length..];
        return true;
    }

    private static bool TryTakeUntilQuote(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
    {
        var quote = rest.IndexOf((byte)'"');
        value = quote < 0 ? default : rest[..quote];
        rest = quote < 0 ? rest : rest[(quote + 1)..];
        return quote >= 0 && !value.Contains((byte)'\\');
    }

    private static bool TryTakeInteger(scoped ref ReadOnlySpan<byte> rest, out long value)
    {
        var found = Utf8Parser.TryParse(rest, out value, out var length);
        rest = rest[length..];
        return found;
    }
}
