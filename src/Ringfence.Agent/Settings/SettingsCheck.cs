using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Hosts.Terminal;

namespace Ringfence.Agent.Settings;

/// <summary>Says what is wrong with settings. Keys that only other programs know are let pass, but not one that looks like a slip of the pen.</summary>
internal static class SettingsCheck
{
    private static readonly string[] Known =
    [
        "$schema", "permissions", "hooks", "env", "model", "disableAllHooks", "enableAllProjectMcpServers", "enabledMcpjsonServers", "disabledMcpjsonServers",
        "sandbox", "theme",
    ];

    private static readonly string[] KnownPermissions =
    [
        "allow", "ask", "deny", "defaultMode", "disableBypassPermissionsMode", "additionalDirectories", "blockReadsOutsideWorkingDirectories",
        "blockWritesOutsideWorkingDirectories",
    ];

    private static readonly string[] Events =
    [
        "PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionRequest", "PermissionDenied", "UserPromptSubmit", "SessionStart", "SessionEnd", "Stop",
        "SubagentStart", "SubagentStop", "PreCompact", "PostCompact", "Notification", "PostToolBatch", "Setup", "StopFailure", "UserPromptExpansion", "TaskCreated",
        "TaskCompleted", "Elicitation", "ElicitationResult", "ConfigChange", "WorktreeCreate", "WorktreeRemove", "InstructionsLoaded", "CwdChanged", "FileChanged",
        "DirectoryAdded", "MessageDisplay", "PreModelSwitch", "PostModelSwitch", "TeammateIdle",
    ];

    public delegate void Complain(string path, string message, string? hint = null);

    public static void Check(JsonObject settings, Complain complain)
    {
        foreach (var (name, _) in settings.Where(p => !Known.Contains(p.Key)))
        {
            if (Closest(name, Known) is { } meant)
            {
                complain(name, $"unknown key '{name}'.", $"Did you mean '{meant}'?");
            }
        }

        if (settings["theme"] is { } theme && theme.ToString() != Theme.Auto && Theme.Find(theme.ToString()) is null)
        {
            complain("theme", $"unknown theme '{theme}'.", string.Join(", ", Theme.Names));
        }

        Expect<JsonObject>(settings, "permissions", "", "an object", complain, p => CheckPermissions(p, complain));
        Expect<JsonObject>(settings, "hooks", "", "an object", complain, h => CheckHooks(h, complain));
        Expect<JsonObject>(settings, "sandbox", "", "an object", complain, s => CheckSandbox(s, complain));
        Expect<JsonObject>(settings, "env", "", "an object of strings", complain, e =>
        {
            foreach (var (name, value) in e.Where(p => p.Value?.GetValueKind() != JsonValueKind.String))
            {
                complain($"env.{name}", $"env.{name} must be a string.");
            }
        });
    }

    private static void CheckSandbox(JsonObject sandbox, Complain complain)
    {
        if (sandbox.ContainsKey("enabled") && sandbox.Flag("enabled") is null)
        {
            complain("sandbox.enabled", "sandbox.enabled must be true or false.");
        }

        Expect<JsonObject>(sandbox, "network", "sandbox.", "an object", complain, network =>
            Expect<JsonArray>(network, "allowedDomains", "sandbox.network.", "a list of hosts", complain, hosts =>
            {
                for (var i = 0; i < hosts.Count; i++)
                {
                    if (hosts[i]?.GetValueKind() != JsonValueKind.String)
                    {
                        complain($"sandbox.network.allowedDomains[{i}]", $"sandbox.network.allowedDomains[{i}] must be a string.");
                    }
                }
            }));
    }

    private static void CheckPermissions(JsonObject permissions, Complain complain)
    {
        foreach (var (name, _) in permissions.Where(p => !KnownPermissions.Contains(p.Key)))
        {
            complain($"permissions.{name}", $"unknown key '{name}' in permissions.", Closest(name, KnownPermissions) is { } meant ? $"Did you mean '{meant}'?" : null);
        }

        foreach (var list in (string[])["allow", "ask", "deny", "additionalDirectories"])
        {
            Expect<JsonArray>(permissions, list, "permissions.", "a list of strings", complain, rules =>
            {
                for (var i = 0; i < rules.Count; i++)
                {
                    var at = $"permissions.{list}[{i}]";

                    if (rules[i]?.GetValueKind() != JsonValueKind.String)
                    {
                        complain(at, $"{at} must be a string.");
                    }
                    else if (list != "additionalDirectories" && !PermissionRule.TryParse(rules[i]!.ToString(), out _, out var error))
                    {
                        complain(at, $"permissions.{list}: {error}.", "A rule is Tool or Tool(specifier), such as Bash(git *) or Read(./secrets/**).");
                    }
                }
            });
        }

        if (permissions["defaultMode"] is { } mode && ModeName.Parse(mode.ToString()) is null)
        {
            complain("permissions.defaultMode", $"unknown mode '{mode}'.", "default, acceptEdits, plan, dontAsk or bypassPermissions.");
        }

        if (permissions["disableBypassPermissionsMode"] is { } disable && disable.ToString() != "disable")
        {
            complain("permissions.disableBypassPermissionsMode", "disableBypassPermissionsMode can only be \"disable\".");
        }
    }

    private static void CheckHooks(JsonObject hooks, Complain complain)
    {
        foreach (var (name, value) in hooks)
        {
            var at = $"hooks.{name}";

            if (!Events.Contains(name))
            {
                complain(at, $"unknown hook event '{name}'.", Closest(name, Events) is { } meant ? $"Did you mean '{meant}'?" : null);
            }

            if (value is not JsonArray groups)
            {
                complain(at, $"{at} must be a list.");
                continue;
            }

            for (var i = 0; i < groups.Count; i++)
            {
                CheckGroup(groups[i], $"{at}[{i}]", complain);
            }
        }
    }

    private static void CheckGroup(JsonNode? group, string at, Complain complain)
    {
        if (group.Array("hooks") is not { } hooks)
        {
            complain(at, $"{at} needs a list 'hooks'.");
            return;
        }

        if (group.Text("matcher") is { } matcher and not "*" && !IsPattern(matcher))
        {
            complain($"{at}.matcher", $"'{matcher}' is not a regular expression.");
        }

        for (var i = 0; i < hooks.Count; i++)
        {
            if (hooks[i].Text("type") != "command" || string.IsNullOrWhiteSpace(hooks[i].Text("command")))
            {
                complain($"{at}.hooks[{i}]", $"{at}.hooks[{i}] must have \"type\": \"command\" and a command.");
            }

            if (hooks[i] is JsonObject hook && hook.ContainsKey("timeout") && hook.Integer("timeout") is not > 0)
            {
                complain($"{at}.hooks[{i}].timeout", "timeout must be a number of seconds above zero.");
            }
        }
    }

    private static void Expect<T>(JsonObject parent, string name, string prefix, string what, Complain complain, Action<T> check)
        where T : JsonNode
    {
        if (!parent.TryGetPropertyValue(name, out var value))
        {
            return;
        }

        if (value is T good)
        {
            check(good);
        }
        else
        {
            complain(prefix + name, $"{prefix}{name} must be {what}.");
        }
    }

    private static bool IsPattern(string text)
    {
        try
        {
            _ = new Regex(text);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string? Closest(string name, string[] known) => known.FirstOrDefault(k => Distance(name.ToLowerInvariant(), k.ToLowerInvariant()) <= 2 && name.Length > 3);

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;

            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], cost);
            }
        }

        return row[^1];
    }
}
