using System.Collections.Frozen;

namespace Ringfence.Gateway;

/// <summary>The top level of a request, read once and strictly, so that what the gateway bounds is what the provider will read.</summary>
internal sealed class RequestBody
{
    private readonly List<JsonMember> members;

    private RequestBody(List<JsonMember> members) => this.members = members;

    /// <summary>
    /// Fails when the body is not one JSON object, names a member twice (parsers disagree on which one counts, so a second
    /// <c>max_tokens</c> could pass the budget), or spells a member of <paramref name="known"/> in other case (some servers do not mind).
    /// </summary>
    public static Result<RequestBody> Read(ReadOnlySpan<byte> body, FrozenSet<string> known)
    {
        if (JsonSkim.Object(body) is not { } members)
        {
            return new Failure("invalid_request", "The body is not one JSON object.");
        }

        var seen = new HashSet<string>(members.Count, StringComparer.OrdinalIgnoreCase);

        foreach (var member in members)
        {
            if (!seen.Add(member.Name))
            {
                return new Failure("invalid_request", $"The body names {Printable.Escape(member.Name)} more than once.");
            }

            if (known.TryGetValue(member.Name, out var spelled) && spelled != member.Name)
            {
                return new Failure("invalid_request", $"The body names {Printable.Escape(member.Name)}; its name is {spelled}.");
            }
        }

        return new RequestBody(members);
    }

    /// <summary>
    /// What inspecting begins with where the body names the model: <see cref="Read"/>, and the name. Null when the body cannot be read;
    /// <paramref name="failures"/> then says why, and otherwise takes what is found further on.
    /// </summary>
    public static RequestBody? Begin(ReadOnlySpan<byte> body, FrozenSet<string> known, out string model, out List<Failure> failures)
    {
        var read = Read(body, known);
        failures = [.. read.Failures];
        model = "";

        if (!read.Succeeded(out var top))
        {
            return null;
        }

        if (top.Text(body, "model") is { } name)
        {
            model = name;
        }
        else
        {
            failures.Add(new Failure("invalid_request", "model is missing or not a string."));
        }

        return top;
    }

    /// <summary>The member's place; null when it is absent or null.</summary>
    public JsonPlace? Find(ReadOnlySpan<byte> body, string name)
    {
        foreach (var member in members)
        {
            if (member.Name == name)
            {
                return JsonRead.IsNull(member.Of(body)) ? null : new JsonPlace(member.Start, member.End);
            }
        }

        return null;
    }

    /// <summary>The member's place even when its value is null, for replacing it.</summary>
    public JsonPlace? FindEvenNull(string name)
    {
        foreach (var member in members)
        {
            if (member.Name == name)
            {
                return new JsonPlace(member.Start, member.End);
            }
        }

        return null;
    }

    public string? Text(ReadOnlySpan<byte> body, string name) => Find(body, name) is { } place ? JsonRead.Text(place.Of(body)) : null;

    public bool IsTrue(ReadOnlySpan<byte> body, string name) => Find(body, name) is { } place && place.Of(body).SequenceEqual("true"u8);

    /// <summary>A whole number, null when absent; anything else is a failure, because a maximum that cannot be read bounds nothing.</summary>
    public long? Whole(ReadOnlySpan<byte> body, string name, List<Failure> failures)
    {
        if (Find(body, name) is not { } place)
        {
            return null;
        }

        if (JsonRead.Whole(place.Of(body)) is { } number)
        {
            return number;
        }

        failures.Add(new Failure("invalid_request", $"{name} is not a whole number from 0."));
        return null;
    }
}
