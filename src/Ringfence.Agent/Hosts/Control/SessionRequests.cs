using System.Globalization;
using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Mode, model, thinking, name and cost of the session. What is set before its first prompt holds from its beginning.</summary>
internal sealed class SessionRequests(ControlHost host)
{
    private readonly int? thinkingAtStart = host.Options.MaxThinkingTokens;

    public JsonObject SetMode(string? name)
    {
        var mode = ModeName.Parse(name)
            ?? throw new ControlException("Cannot set permission mode: must be one of acceptEdits, auto, bypassPermissions, default, dontAsk, plan", "invalid_mode");

        if (mode == PermissionMode.BypassPermissions && !host.MayBypass)
        {
            throw new ControlException(
                "Cannot set permission mode to bypassPermissions because the session was not launched with --dangerously-skip-permissions", "bypass_not_launched");
        }

        host.Options.PermissionMode = ModeName.Of(mode);
        host.Session?.Permissions.Mode = mode;

        host.Stream.Line("system", "status", w =>
        {
            w.WriteNull("status");
            w.WriteString("permissionMode", ModeName.Of(mode));
        });

        return new JsonObject { ["mode"] = ModeName.Of(mode) };
    }

    public JsonObject SetModel(string? model)
    {
        model = string.IsNullOrEmpty(model) || model == "default" ? SessionFactory.DefaultModel : model;

        if (host.Options.MaxBudgetUsd is not null && !PriceTable.Of(model).IsKnown)
        {
            throw new ControlException($"No price is known for the model '{model}', so that the budget cannot be kept.", "no_price");
        }

        host.Options.Model = model;
        host.Session?.Model = model;
        return new JsonObject { ["model"] = model };
    }

    /// <summary>A number sets it, null sets back what the session began with, nothing leaves it.</summary>
    public JsonObject? SetThinking(JsonObject request)
    {
        if (request.ContainsKey("max_thinking_tokens"))
        {
            host.Options.MaxThinkingTokens = (int?)request.Integer("max_thinking_tokens") ?? thinkingAtStart;
            host.Session?.ThinkingTokens = host.Options.MaxThinkingTokens;
        }

        return null;
    }

    public JsonObject? Rename(JsonObject request)
    {
        if (request.Text("title") is not { Length: > 0 } title)
        {
            throw new ControlException("rename_session: title must be a string that is not empty");
        }

        if (request.Text("session_id") is { } meant && meant != host.Stream.SessionId)
        {
            throw new ControlException($"rename_session: this is the session {host.Stream.SessionId}, not {meant}");
        }

        host.Options.Title = title;
        host.Session?.Transcript.RecordTitle(title, host.Session.NewId());
        host.Stream.Line("system", "session_title_changed", w => w.WriteString("title", title));
        return null;
    }

    public JsonObject Cost()
    {
        var spent = (host.Session?.Spending.SpentNanodollars ?? 0) / 1_000_000_000m;

        var lines = (host.Session?.Spending.ByModel ?? []).Select(m => string.Create(CultureInfo.InvariantCulture,
            $"{m.Model}: {m.Usage.Input} input, {m.Usage.Output} output, {m.Usage.CacheRead} cache read, {m.Usage.CacheWrite + m.Usage.CacheWriteHour} cache write (${m.Nanodollars / 1_000_000_000m:0.0000})"));

        return new JsonObject
        {
            ["text"] = string.Join('\n', lines.Prepend(string.Create(CultureInfo.InvariantCulture, $"Estimated cost: ${spent:0.0000}"))), ["total_cost_usd"] = spent,
        };
    }

    public JsonObject Usage()
    {
        var (more, fewer) = host.Session?.Workplace.Journal.Lines() ?? (0, 0);

        return new JsonObject
        {
            ["session"] = new JsonObject
            {
                ["total_cost_usd"] = (host.Session?.Spending.SpentNanodollars ?? 0) / 1_000_000_000m,
                ["total_api_duration_ms"] = (long)host.ModelTime.TotalMilliseconds,
                ["total_duration_ms"] = (long)host.Age.TotalMilliseconds,
                ["total_lines_added"] = more,
                ["total_lines_removed"] = fewer,
                ["model_usage"] = host.Session is { } session ? StreamResult.ByModel(session) : new JsonObject(),
            },
            ["subscription_type"] = null, ["rate_limits_available"] = false, ["rate_limits"] = null, ["behaviors"] = null,
        };
    }

    public JsonObject Plugins(JsonObject status) => new()
    {
        ["commands"] = SessionBeginning.Commands(), ["agents"] = host.Beginning.Agents(), ["plugins"] = new JsonArray(),
        ["mcpServers"] = status["mcpServers"]!.DeepClone(), ["error_count"] = 0,
    };
}
