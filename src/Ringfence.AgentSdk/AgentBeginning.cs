using System.Globalization;
using System.Text.Json.Nodes;

namespace Ringfence.AgentSdk;

/// <summary>The first request of a session.</summary>
internal static class AgentBeginning
{
    /// <summary>What this program wants to be asked, and what kind of session it shall be.</summary>
    public static JsonObject Initialize(AgentOptions options)
    {
        var request = new JsonObject { ["subtype"] = "initialize" };

        if (options.SystemPrompt is not null)
        {
            request["systemPrompt"] = new JsonArray((JsonNode)options.SystemPrompt);
        }

        if (options.AppendSystemPrompt is not null)
        {
            request["appendSystemPrompt"] = options.AppendSystemPrompt;
        }

        if (options.Agents.Count > 0)
        {
            request["agents"] = new JsonObject(options.Agents.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value.ToJson())));
        }

        if (options.Title is not null)
        {
            request["title"] = options.Title;
        }

        if (options.ForwardSubAgentText)
        {
            request["forwardSubagentText"] = true;
        }

        if (options.Tools.Count > 0)
        {
            request["sdkMcpServers"] = new JsonArray([.. options.Tools.Keys.Select(n => (JsonNode)n)]);
        }

        var hooks = new JsonObject();

        for (var i = 0; i < options.Hooks.Count; i++)
        {
            var hook = options.Hooks[i];
            var entry = new JsonObject { ["hookCallbackIds"] = new JsonArray((JsonNode)i.ToString(CultureInfo.InvariantCulture)) };

            if (hook.Matcher is not null)
            {
                entry["matcher"] = hook.Matcher;
            }

            if (hook.Limit is { } limit)
            {
                entry["timeout"] = (long)Math.Ceiling(limit.TotalSeconds);
            }

            if (hook.BlocksWhenItFails)
            {
                entry["onFailure"] = "block";
            }

            hooks[hook.Event] ??= new JsonArray();
            hooks[hook.Event]!.AsArray().Add((JsonNode)entry);
        }

        if (hooks.Count > 0)
        {
            request["hooks"] = hooks;
        }

        return request;
    }
}
