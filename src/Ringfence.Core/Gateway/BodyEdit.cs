using System.Globalization;

namespace Ringfence.Gateway;

/// <summary>Changes one top-level member of a request and leaves every other byte as it was.</summary>
internal static class BodyEdit
{
    public static byte[] Set(ReadOnlySpan<byte> body, string name, long value) => Set(body, name, value.ToString(CultureInfo.InvariantCulture));

    public static byte[] Set(ReadOnlySpan<byte> body, string name, string json)
    {
        var members = JsonSkim.Object(body)!;

        foreach (var member in members)
        {
            if (member.Name == name)
            {
                return JsonRead.Splice(body, member.Start, member.End, json);
            }
        }

        var open = body.IndexOf((byte)'{') + 1;
        return JsonRead.Splice(body, open, open, $"\"{name}\":{json}{(members.Count > 0 ? "," : "")}");
    }
}
