using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Settings;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Settings, permission rules and hooks: what holds, and what is changed for this session.</summary>
internal sealed class RuleRequests(ControlHost host)
{
    /// <summary>What can change while a session goes on; anything else would be a promise that is not kept.</summary>
    private static readonly string[] Changeable = ["permissions", "model", "effortLevel", "env"];

    private readonly JsonObject applied = [];

    /// <summary>Lays settings over those of the start; what an earlier call gave and this one gives anew is replaced.</summary>
    public async Task<JsonObject?> ApplyAsync(JsonNode? given, CancellationToken cancellationToken)
    {
        if (given is not JsonObject settings)
        {
            throw new ControlException("apply_flag_settings requires `settings` to be an object");
        }

        var session = await host.OpenAsync(cancellationToken);
        var wrong = settings.Select(s => s.Key).Where(k => !Changeable.Contains(k)).Select(k => $"{k} (cannot change while a session goes on)").ToList();
        var known = new JsonObject(settings.Where(s => s.Value is not null && s.Key is not "effortLevel" && Changeable.Contains(s.Key)).Select(s => KeyValuePair.Create(s.Key, s.Value?.DeepClone())));
        SettingsCheck.Check(known, (path, message, _) => wrong.Add($"{path}: {message}"));

        if (known.Object("permissions").Text("defaultMode") == "bypassPermissions" && !host.MayBypass)
        {
            wrong.Add("permissions.defaultMode: the session was not launched with --dangerously-skip-permissions");
        }

        if (wrong.Count > 0)
        {
            throw new ControlException($"apply_flag_settings: nothing in this request was applied and earlier settings stay in force. Fix or remove these: {string.Join("; ", wrong)}", "invalid_settings");
        }

        foreach (var (name, value) in settings)
        {
            applied[name] = value?.DeepClone();
            Apply(session, name, value);
        }

        return null;
    }

    public async Task<JsonObject> SettingsAsync(CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        var sources = new JsonArray();
        var effective = new JsonObject();

        foreach (var (source, settings) in session.Settings.Append(("flagSettings", applied)).Where(s => s.Item2.Count > 0))
        {
            sources.Add((JsonNode)new JsonObject { ["source"] = source, ["settings"] = settings.DeepClone() });
            Lay(effective, settings);
        }

        return new JsonObject
        {
            ["effective"] = effective, ["sources"] = sources, ["applied"] = new JsonObject { ["model"] = session.Model, ["effort"] = session.Options.Effort },
        };
    }

    public async Task<JsonObject> ListAsync(CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);

        JsonObject[] Rules(string behavior, IEnumerable<PermissionRule> rules) =>
            [.. rules.Select(r => new JsonObject { ["behavior"] = behavior, ["source"] = r.Source, ["rule"] = r.Text, ["editability"] = r.Source is "session" or "cliArg" ? "session" : "readonly" })];

        return new JsonObject
        {
            ["state"] = new JsonObject
            {
                ["rules"] = new JsonArray([.. Rules("allow", session.Permissions.Allow), .. Rules("ask", session.Permissions.Ask), .. Rules("deny", session.Permissions.Deny)]),
                ["workspaceDirectories"] = new JsonArray([.. session.Workplace.AdditionalDirectories.Select(d => new JsonObject { ["path"] = d, ["source"] = "session" })]),
                ["originalCwd"] = session.Workplace.Root, ["managedOnly"] = false,
            },
        };
    }

    public async Task<JsonObject> HooksAsync(CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        var hooks = session.Hooks.All;

        return new JsonObject
        {
            ["events"] = new JsonArray([.. hooks.GroupBy(h => h.EventName).Select(g => new JsonObject { ["name"] = g.Key, ["summary"] = "", ["supportsMatcher"] = true, ["hookCount"] = g.Count() })]),
            ["hooks"] = new JsonArray([.. hooks.Select(h => new JsonObject
            {
                ["event"] = h.EventName, ["matcher"] = h.Matcher ?? "", ["source"] = h is CallbackHook ? "sessionHook" : "settings", ["sourceLabel"] = h is CallbackHook ? "The driving program" : "Settings",
                ["type"] = h is CallbackHook ? "callback" : "command", ["displayText"] = h.Shown, ["commandText"] = h.Shown, ["contentLabel"] = h is CallbackHook ? "Callback" : "Command",
            })]),
            ["eventCatalog"] = new JsonArray([.. Execution.Hooks.HookSet.Events.Select(e => new JsonObject { ["name"] = e, ["summary"] = "", ["supportsMatcher"] = true })]),
            ["policy"] = new JsonObject { ["disabledByPolicy"] = false, ["managedOnly"] = false, ["pluginOnly"] = false, ["allDisabled"] = false, ["policyHookCount"] = 0 },
        };
    }

    private static void Apply(AgentSession session, string name, JsonNode? value)
    {
        switch (name)
        {
            case "model" when value is not null:
                session.Model = value.ToString();
                break;

            case "effortLevel":
                session.Options.Effort = value?.ToString();
                break;

            case "env":
                foreach (var (variable, text) in value as JsonObject ?? [])
                {
                    session.Workplace.Environment[variable] = text?.ToString() ?? "";
                }

                break;

            case "permissions":
                foreach (var (list, rules) in ((string, List<PermissionRule>)[])[("allow", session.Permissions.Allow), ("ask", session.Permissions.Ask), ("deny", session.Permissions.Deny)])
                {
                    rules.RemoveAll(r => r.Source == "flagSettings");
                    SessionFactory.Rules(rules, (value.Array(list) ?? []).Select(r => r!.ToString()), "flagSettings", []);
                }

                session.Permissions.Mode = ModeName.Parse(value.Text("defaultMode")) ?? session.Permissions.Mode;
                session.Workplace.AdditionalDirectories.AddRange((value.Array("additionalDirectories") ?? []).Select(d => Path.GetFullPath(d!.ToString())).Where(Directory.Exists));
                break;
        }
    }

    private static void Lay(JsonObject under, JsonObject over)
    {
        foreach (var (name, value) in over)
        {
            if (under[name] is JsonObject inner && value is JsonObject more)
            {
                Lay(inner, more);
            }
            else if (under[name] is JsonArray first && value is JsonArray second)
            {
                under[name] = new JsonArray([.. first.Concat(second).Select(v => v?.DeepClone())]);
            }
            else
            {
                under[name] = value?.DeepClone();
            }
        }
    }
}
