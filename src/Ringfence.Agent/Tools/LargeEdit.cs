using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>
/// One exact replacement in a large UTF-8 file, made in its bytes: one search and one copy instead of a text that is decoded, changed and encoded.
/// UTF-8 is self-synchronising, so the bytes match exactly where the text would. Whatever is not this plain case is left to <see cref="FileEditor"/>'s way.
/// </summary>
internal static class LargeEdit
{
    private const int From = 1 << 20;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file after the change and what it changed; null when the file is small, not UTF-8, or the match is not exactly one.</summary>
    public static (byte[] After, JsonArray Hunks)? Make(byte[] before, FileEditor.Change change)
    {
        // Where lines may end with CR LF, new lines must take the ends that most have: that is decided over the text.
        if (before.Length < From || change.Old.Length == 0 || change.Old == change.New || !System.Text.Unicode.Utf8.IsValid(before) || before.AsSpan().Contains((byte)0)
            || (change.New.Contains('\n') && before.AsSpan().Contains((byte)'\r')) || Encode(change.Old) is not { } old || Encode(change.New) is not { } put)
        {
            return null;
        }

        var mark = before is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
        var at = before.AsSpan(mark).IndexOf(old) + mark;

        if (at < mark || before.AsSpan(at + 1).IndexOf(old) >= 0)
        {
            return null;
        }

        var after = GC.AllocateUninitializedArray<byte>(before.Length - old.Length + put.Length);
        before.AsSpan(0, at).CopyTo(after);
        put.CopyTo(after, at);
        before.AsSpan(at + old.Length).CopyTo(after.AsSpan(at + put.Length));
        return (after, Hunks(before, after, mark, at, at + old.Length));
    }

    /// <summary>The difference of the two looks only at the lines around the change, and is the one that the whole texts have.</summary>
    private static JsonArray Hunks(byte[] before, byte[] after, int mark, int at, int end)
    {
        // What was put there may go on as the text after it does: in a row of equal lines the last of them counts as the new one, or as the one that is gone.
        var differs = at + before.AsSpan(at).CommonPrefixLength(after.AsSpan(at));
        var (first, last) = (at, Math.Max(end, differs + Math.Max(0, before.Length - after.Length)));

        for (var lines = 0; lines <= LineDiff.Around && first > mark; lines++)
        {
            first = Math.Max(mark, before.AsSpan(0, first - 1).LastIndexOf((byte)'\n') + 1);
        }

        for (var lines = 0; lines <= LineDiff.Around && last < before.Length; lines++)
        {
            last = before.AsSpan(last).IndexOf((byte)'\n') is >= 0 and var feed ? last + feed + 1 : before.Length;
        }

        var lastAfter = last + after.Length - before.Length;
        return LineDiff.Hunks(Utf8.GetString(before, first, last - first), Utf8.GetString(after, first, lastAfter - first), before.AsSpan(0, first).Count((byte)'\n'));
    }

    private static byte[]? Encode(string text)
    {
        try
        {
            return Utf8.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            return null; // half a character: refused with words where the text is compared
        }
    }
}
