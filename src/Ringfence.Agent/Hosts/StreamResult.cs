using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts;

/// <summary>How a prompt ended, as the last event tells it and as <c>--output-format json</c> prints it.</summary>
internal static class StreamResult
{
    public static void Write(Utf8JsonWriter w, AgentSession session, TurnResult result, int index)
    {
        w.WriteBoolean("is_error", result.IsError);

        if (result.Subtype == "success")
        {
            w.WriteString("result", result.Text);
        }
        else
        {
            StreamJson.Node(w, "errors", Json.Strings(result.Errors));
        }

        w.WriteNumber("num_turns", result.Turns);
        w.WriteNumber("duration_ms", (long)result.Duration.TotalMilliseconds);
        w.WriteNumber("duration_api_ms", (long)result.ModelDuration.TotalMilliseconds);
        w.WriteNumber("total_cost_usd", session.Spending.SpentNanodollars / 1_000_000_000m);
        StreamJson.Node(w, "usage", result.Usage.ToJson());
        StreamJson.Node(w, "modelUsage", ByModel(session));
        StreamJson.Node(w, "model_usage_since_last_result", ByModel(session.Spending.TakeSinceLast(), session));
        w.WriteStartArray("permission_denials");

        foreach (var denial in result.Denials)
        {
            denial.WriteTo(w);
        }

        w.WriteEndArray();
        w.WriteString("terminal_reason", result.TerminalReason);
        w.WriteString("stop_reason", result.StopReason);

        if (result.Subtype == "success")
        {
            StreamJson.Number(w, "api_error_status", result.Failure?.Status);
        }

        if (result.Failure is { } failure)
        {
            w.WriteString("api_error_type", failure.Type);
        }

        if (result.StructuredOutput is { } output)
        {
            StreamJson.Node(w, "structured_output", output);
        }

        w.WriteNumber("queued_turn_count", 0);
        w.WriteNumber("result_index", index);
    }

    /// <summary>What the session used so far, sub-agents included, by model.</summary>
    public static JsonObject ByModel(AgentSession session) => ByModel(session.Spending.ByModel, session);

    private static JsonObject ByModel(IEnumerable<ModelSpend> used, AgentSession session)
    {
        var models = new JsonObject();

        foreach (var spend in used)
        {
            var (model, usage) = (spend.Model, spend.Usage);
            var price = PriceTable.Of(model);

            models[model] = new JsonObject
            {
                ["inputTokens"] = usage.Input, ["outputTokens"] = usage.Output, ["cacheReadInputTokens"] = usage.CacheRead,
                ["cacheCreationInputTokens"] = usage.CacheWrite + usage.CacheWriteHour, ["webSearchRequests"] = 0, ["costUSD"] = spend.Nanodollars / 1_000_000_000m,
                ["contextWindow"] = price.ContextWindow, ["maxOutputTokens"] = Math.Min(price.MaxOutput, session.Options.MaxOutputTokens),
                ["cacheCreationEphemeral5mInputTokens"] = usage.CacheWrite, ["cacheCreationEphemeral1hInputTokens"] = usage.CacheWriteHour,
                ["canonicalModel"] = model, ["provider"] = session.Options.Provider is null or "anthropic" ? "firstParty" : session.Options.Provider,
                ["costBasis"] = price.IsKnown ? "list" : "unknown",
            };
        }

        return models;
    }
}
