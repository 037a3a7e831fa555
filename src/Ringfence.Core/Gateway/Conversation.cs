namespace Ringfence.Gateway;

/// <summary>Cuts a request into the parts of its context, in the order in which the model reads them.</summary>
internal static class Conversation
{
    public static IReadOnlyList<Part> Parts(ReadOnlySpan<byte> body, string system, string tools, string messages)
    {
        var parts = new List<Part>();
        var members = JsonSkim.Object(body) ?? [];
        Add(parts, "tools", Find(members, tools));
        Add(parts, "system", Find(members, system));

        if (Find(members, messages) is { } list)
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

    private static JsonPlace? Find(List<JsonMember> members, string name) =>
        members.Find(m => m.Name == name) is { Name: not null } member ? new JsonPlace(member.Start, member.End) : null;

    private static void Add(List<Part> parts, string kind, JsonPlace? place)
    {
        if (place is { } there)
        {
            parts.Add(new Part(kind, there.Start, there.End));
        }
    }
}
