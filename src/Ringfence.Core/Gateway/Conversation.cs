namespace Ringfence.Gateway;

/// <summary>Cuts a request into the parts of its context, in the order in which the model reads them.</summary>
internal static class Conversation
{
    public static IReadOnlyList<Part> Parts(ReadOnlySpan<byte> body, RequestBody top, string system, string tools, string messages)
    {
        var parts = new List<Part>();
        Add(parts, "tools", top.Find(body, tools));
        Add(parts, "system", top.Find(body, system));

        if (top.Find(body, messages) is { } list)
        {
            if (JsonSkim.Array(list.Of(body)) is { } elements)
            {
                foreach (var element in elements)
                {
                    parts.Add(new Part("message", list.Start + element.Start, list.Start + element.End));
                }
            }
            else
            {
                // OpenAI Responses takes a plain string for a single user message.
                parts.Add(new Part("message", list.Start, list.End));
            }
        }

        return parts;
    }

    private static void Add(List<Part> parts, string kind, JsonPlace? place)
    {
        if (place is { } there)
        {
            parts.Add(new Part(kind, there.Start, there.End));
        }
    }
}
