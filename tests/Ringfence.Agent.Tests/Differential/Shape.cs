using System.Text.Json.Nodes;

namespace Ringfence.Tests.Differential;

/// <summary>
/// What programs that read the stream can rely on, as a set of sentences: which events come in which order, which fields they have, how it ended, and what the
/// model was told of its calls. Words, times and names that are made up are no part of it.
/// </summary>
internal static class Shape
{
    private static readonly string[] ResultValues = ["subtype", "is_error", "num_turns", "result", "stop_reason", "terminal_reason", "api_error_status", "structured_output"];

    // What is below these is somebody else's: the model's, a hook's, a tool's.
    private static readonly string[] Opaque = ["input", "tool_input", "structured_output", "structuredPatch", "usage.iterations", "event", "permission_suggestions", "response", "output"];

    public static IReadOnlyList<string> Of(Outcome outcome)
    {
        var shape = new List<string> { $"exit {outcome.ExitCode}" };

        if (outcome.Events.Count == 0)
        {
            shape.Add("output " + outcome.Output);
        }

        foreach (var happened in outcome.Events)
        {
            var kind = Kind(happened);
            shape.AddRange(Keys(happened, "").Where(k => k.Length > 0).Select(k => $"keys {kind}: {k}"));

            if (kind.StartsWith("result", StringComparison.Ordinal))
            {
                shape.AddRange(ResultValues.Where(happened.ContainsKey).Where(v => v != "result" || (bool?)happened["is_error"] is false).Select(v => $"result {v} {happened[v]?.ToJsonString() ?? "null"}"));
                shape.AddRange((happened["permission_denials"] as JsonArray ?? []).Select(d => $"result denied {(string?)d!["tool_name"]}"));
                shape.AddRange((happened["modelUsage"] as JsonObject ?? []).Select(m => $"result model {m.Key}"));
            }
        }

        shape.AddRange(Told(outcome));
        return [.. shape.Distinct()];
    }

    /// <summary>The order of what happens.</summary>
    public static IReadOnlyList<string> Order(Outcome outcome) => [.. outcome.Events.Select(Kind)];

    /// <summary>What the model was told of each of its calls.</summary>
    private static IEnumerable<string> Told(Outcome outcome)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (var block in outcome.Requests.SelectMany(r => r["messages"]!.AsArray()).Select(m => m!["content"]).OfType<JsonArray>().SelectMany(c => c).OfType<JsonObject>())
        {
            if ((string?)block["type"] == "tool_use")
            {
                names[(string)block["id"]!] = (string)block["name"]!;
            }
            else if ((string?)block["type"] == "tool_result")
            {
                var failed = (bool?)block["is_error"] ?? false;
                var name = names.GetValueOrDefault((string)block["tool_use_id"]!, "?");

                // What a command printed is the same everywhere; what else is told is each program's own sentence.
                yield return $"told {name} {(failed ? "error" : "ok")}{(name == "Bash" && !failed ? " " + block["content"] : "")}";
            }
        }
    }

    private static string Kind(JsonObject happened) => (string?)happened["type"] switch
    {
        "assistant" or "user" when happened["message"]!["content"] is JsonArray blocks => $"{happened["type"]}/{string.Join('+', blocks.Select(b => (string?)b!["type"]))}"
            + (happened["parent_tool_use_id"] is null ? "" : " of a sub-agent") + ((happened["message"]!["content"] as JsonArray)?.Any(b => (bool?)b!["is_error"] is true) is true ? " failed" : ""),
        "stream_event" => $"stream_event/{happened["event"]!["type"]}",
        "control_request" => $"control_request/{happened["request"]!["subtype"]}",
        "control_response" => $"control_response/{happened["response"]!["request_id"]}",
        var type => happened["subtype"] is null ? type! : $"{type}/{happened["subtype"]}",
    };

    private static IEnumerable<string> Keys(JsonNode? node, string at)
    {
        if (Opaque.Any(o => at == o || at.EndsWith("." + o, StringComparison.Ordinal)))
        {
            return [at];
        }

        return node switch
        {
            JsonObject o => o.SelectMany(p => Keys(p.Value, Join(at, at is "modelUsage" or "model_usage_since_last_result" ? "*" : p.Key))).Append(at),
            JsonArray a => a.SelectMany(i => Keys(i, at + "[]")).Append(at),
            _ => [at],
        };
    }

    private static string Join(string at, string name) => at.Length == 0 ? name : $"{at}.{name}";
}
