using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Permissions;

/// <summary>Changes of the rules that a person makes along the way, in Claude Code's form.</summary>
internal static class PermissionUpdate
{
    /// <summary>What would spare the same question next time.</summary>
    public static JsonArray Suggestions(string tool, ToolSubject subject, Workplace workplace)
    {
        if (subject.Kind == ToolKind.Edit)
        {
            return [new JsonObject { ["type"] = "setMode", ["mode"] = "acceptEdits", ["destination"] = "session" }];
        }

        var content = subject.Kind switch
        {
            ToolKind.Command => CommandRule(subject.Target),
            ToolKind.Read => "/" + (Path.GetDirectoryName(subject.Target) ?? subject.Target) + "/**",
            ToolKind.Fetch when Uri.TryCreate(subject.Target, UriKind.Absolute, out var address) => "domain:" + address.Host,
            _ => null,
        };

        var rule = new JsonObject { ["toolName"] = subject.Kind == ToolKind.Read ? "Read" : tool };

        if (content is not null)
        {
            rule["ruleContent"] = content;
        }

        return [new JsonObject { ["type"] = "addRules", ["rules"] = new JsonArray(rule), ["behavior"] = "allow", ["destination"] = "localSettings" }];
    }

    public static void Apply(PermissionPolicy policy, Workplace workplace, JsonArray updates, bool mayBypass)
    {
        foreach (var update in updates.OfType<JsonObject>())
        {
            var list = update.Text("behavior") switch { "allow" => policy.Allow, "deny" => policy.Deny, "ask" => policy.Ask, _ => null };

            switch (update.Text("type"))
            {
                case "addRules" or "replaceRules" when list is not null:
                    list.AddRange(Rules(update));
                    break;

                case "removeRules" when list is not null:
                    var gone = Rules(update).Select(r => r.Text).ToHashSet(StringComparer.Ordinal);
                    list.RemoveAll(r => gone.Contains(r.Text));
                    break;

                case "setMode" when ModeName.Parse(update.Text("mode")) is { } mode && (mode != PermissionMode.BypassPermissions || mayBypass):
                    policy.Mode = mode;
                    break;

                case "addDirectories":
                    workplace.AdditionalDirectories.AddRange((update.Array("directories") ?? []).Select(d => d?.ToString()).OfType<string>().Where(Directory.Exists));
                    break;
            }
        }
    }

    private static string CommandRule(string command)
    {
        var parsed = ShellCommand.Parse(command);
        var words = command.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);

        // `git commit *` says more than `git *`; of anything more involved the exact text is the only honest rule.
        return parsed.IsOpaque || parsed.Parts.Count != 1 ? command.Trim()
            : words.Length > 1 && words[1].All(char.IsAsciiLetter) ? $"{words[0]} {words[1]} *" : $"{words[0]} *";
    }

    private static IEnumerable<PermissionRule> Rules(JsonObject update)
    {
        foreach (var rule in (update.Array("rules") ?? []).OfType<JsonObject>())
        {
            var text = rule.Text("ruleContent") is { Length: > 0 } content ? $"{rule.Text("toolName")}({content})" : rule.Text("toolName") ?? "";

            if (PermissionRule.TryParse(text, out var parsed, out _))
            {
                yield return parsed;
            }
        }
    }
}
