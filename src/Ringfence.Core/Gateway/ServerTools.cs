namespace Ringfence.Gateway;

/// <summary>
/// Tools that the provider runs by itself. They are known by name, each with its bound; a kind that is not known is refused, because it could
/// spend without one.
/// </summary>
/// <param name="Uses">How often the provider may run them, and so read the whole context again.</param>
/// <param name="Definitions">Tools whose short entry stands for a long definition at the provider.</param>
internal readonly record struct ServerTools(bool Any, int Uses, int Searches, int Definitions)
{
    private const int MostUses = 64;

    // Run by the agent; the entry is a name for a definition that the provider keeps.
    private static readonly string[] AnthropicByAgent = ["bash_", "text_editor_", "computer_", "memory_", "tool_search_tool_"];

    public static ServerTools OfAnthropic(ReadOnlySpan<byte> tools, List<Failure> failures)
    {
        var (any, uses, searches, definitions) = (false, 0, 0, 0);

        foreach (var (type, maxUses) in Typed(tools, "max_uses", failures))
        {
            any = true;

            if (type is null or "custom" or "function")
            {
                continue;
            }

            if (AnthropicByAgent.Any(prefix => type.StartsWith(prefix, StringComparison.Ordinal)))
            {
                definitions++;
            }
            else if (type.StartsWith("web_search_", StringComparison.Ordinal) || type.StartsWith("web_fetch_", StringComparison.Ordinal))
            {
                var most = Limited(type, maxUses, "max_uses", failures);
                uses += most;
                searches += type.StartsWith("web_search_", StringComparison.Ordinal) ? most : 0;
                definitions++;
            }
            else
            {
                failures.Add(Unknown(type));
            }
        }

        return new ServerTools(any, uses, searches, definitions);
    }

    public static ServerTools OfOpenAi(ReadOnlySpan<byte> tools, long? maxToolCalls, List<Failure> failures)
    {
        var (any, uses, searches, definitions) = (false, 0, 0, 0);

        foreach (var (type, _) in Typed(tools, "max_uses", failures))
        {
            any = true;

            if (type is null or "function" or "custom" or "namespace" or "tool_search")
            {
                continue;
            }

            if (type is "local_shell" or "shell" or "apply_patch" or "computer_use_preview")
            {
                definitions++;
            }
            else if (type is "web_search" or "web_search_preview")
            {
                uses = searches = Limited(type, maxToolCalls, "max_tool_calls", failures);
                definitions++;
            }
            else
            {
                failures.Add(Unknown(type));
            }
        }

        return new ServerTools(any, uses, searches, definitions);
    }

    private static int Limited(string type, long? most, string field, List<Failure> failures)
    {
        if (most is >= 1 and <= MostUses)
        {
            return (int)most;
        }

        failures.Add(new Failure(
            "unbounded_request", $"The tool {Printable.Escape(type)} runs at the provider without a bound.", $"Give {field}, at most {MostUses}."));

        return 0;
    }

    private static Failure Unknown(string type) => new(
        "unbounded_request", $"The tool type {Printable.Escape(type)} is not known, so what it may spend is not bounded.");

    private static List<(string? Type, long? MaxUses)> Typed(ReadOnlySpan<byte> tools, string usesField, List<Failure> failures)
    {
        var found = new List<(string?, long?)>();

        if (tools.IsEmpty)
        {
            return found;
        }

        if (JsonSkim.Array(tools) is not { } elements)
        {
            failures.Add(new Failure("invalid_request", "tools is not an array."));
            return found;
        }

        foreach (var element in elements)
        {
            var tool = element.Of(tools);

            if (JsonSkim.Object(tool) is not { } members)
            {
                failures.Add(new Failure("invalid_request", "tools holds something that is not an object."));
                continue;
            }

            var (type, most) = ((string?)null, (long?)null);

            foreach (var member in members)
            {
                type = member.Name == "type" ? JsonRead.Text(member.Of(tool)) ?? "" : type;
                most = member.Name == usesField ? JsonRead.Whole(member.Of(tool)) : most;
            }

            found.Add((type, most));
        }

        return found;
    }
}
