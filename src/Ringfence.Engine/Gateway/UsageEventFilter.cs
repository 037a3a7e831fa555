namespace Ringfence.Gateway;

/// <summary>
/// Takes the usage event out of an OpenAI Chat stream whose caller did not ask for it: the gateway did, because without it the call could not be metered, and
/// clients that read <c>choices[0]</c> of every event would fail on one that has none.
/// </summary>
internal sealed class UsageEventFilter
{
    private byte[] rest = [];

    /// <summary>The bytes to pass on: whole events only; what begins an event is held until it ends.</summary>
    public byte[] Filter(ReadOnlySpan<byte> bytes)
    {
        byte[] all = [.. rest, .. bytes];
        var (passed, at) = (new List<byte>(all.Length), 0);

        while (true)
        {
            var end = all.AsSpan(at).IndexOf("\n\n"u8);

            if (end < 0)
            {
                break;
            }

            var whole = all.AsSpan(at, end + 2);

            if (!IsUsageAlone(whole))
            {
                passed.AddRange(whole);
            }

            at += end + 2;
        }

        rest = all[at..];
        return [.. passed];
    }

    private static bool IsUsageAlone(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("data:"u8) || text.IndexOf("\"usage\""u8) < 0 || JsonSkim.Object(text[5..].Trim(" \r\n"u8)) is not { } members)
        {
            return false;
        }

        var json = text[5..].Trim(" \r\n"u8);

        foreach (var member in members)
        {
            if (member.Name == "choices")
            {
                return JsonSkim.Array(member.Of(json)) is { Count: 0 };
            }
        }

        return false;
    }
}
