using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ringfence.Sandboxes;

namespace Ringfence.Agents;

/// <summary>What a description's placeholders stand for in one start of an agent; null where there is no value.</summary>
internal sealed partial record AgentTemplate(string Prompt, string Token, string? Model, int? Turns, string? Session)
{
    /// <summary>
    /// Each attempt has a sandbox, and so a home, of its own. The agent's throw-away git directory outlives them, counts against the workspace's quota and
    /// is no part of the change: what lies there is still there when failed checks go back to the agent.
    /// </summary>
    private const string State = SandboxPaths.Workspace + "/.git/ringfence-agent";

    /// <summary>What <c>{agent}</c> stands for: the installed program inside, after the interpreter that it needs.</summary>
    public IReadOnlyList<string> Program { get; init; } = [];

    /// <summary>What the agent's tools may do, for agents that take rules.</summary>
    public ToolRules Rules { get; init; } = ToolRules.None;

    /// <summary>What the agent calls the tools that rules name.</summary>
    public IReadOnlyDictionary<string, string> ToolNames { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The argument list. An argument with a placeholder that has no value is dropped together with the flag before it: <c>--resume {session}</c>
    /// vanishes on a first start.
    /// </summary>
    public IReadOnlyList<string> Arguments(IReadOnlyList<string> command)
    {
        var arguments = new List<string>();

        foreach (var argument in command)
        {
            if (argument == "{agent}")
            {
                arguments.AddRange(Program);
            }
            else if (Fill(argument) is { } filled)
            {
                arguments.Add(filled);
            }
            else if (arguments is [.., ['-', ..]])
            {
                arguments.RemoveAt(arguments.Count - 1);
            }
        }

        return arguments;
    }

    public Dictionary<string, string> Fill(IReadOnlyDictionary<string, string> texts) =>
        texts.Select(pair => (Key: Fill(pair.Key), Value: Fill(pair.Value))).Where(pair => pair is { Key: not null, Value: not null })
            .ToDictionary(pair => pair.Key!, pair => pair.Value!);

    /// <summary>The text with its placeholders replaced, or null when one of them has no value.</summary>
    public string? Fill(string text)
    {
        var complete = true;
        var filled = Placeholder().Replace(text, match =>
        {
            var value = Value(match.Groups[1].Value);
            complete &= value is not null;
            return value ?? "";
        });

        return complete ? filled : null;
    }

    private IEnumerable<string> Denied() => Rules.Denials().Select(rule => (rule with { Tool = Own(rule.Tool) }).ToString());

    /// <summary>Tools as a whole and beginnings of commands, which is all that such lists know. The rest is kept outside.</summary>
    private IEnumerable<string> Excluded() => Rules.Denials().Where(rule => rule.What is null || rule.Command is not null)
        .Select(rule => (rule with { Tool = Own(rule.Tool), What = rule.Command?.Split(":*")[0].TrimEnd('*', ' ') }).ToString());

    /// <summary>Rules of Codex: beginnings of commands, in words.</summary>
    private IEnumerable<string> Forbidden() => Rules.Denials().Where(rule => rule.CommandPrefix is not null).Select(rule =>
        $"prefix_rule(pattern = {new JsonArray([.. rule.CommandPrefix!.Select(word => (JsonNode)word)]).ToJsonString()}, decision = \"forbidden\", justification = {JsonValue.Create($"denied by {rule}").ToJsonString()})");

    /// <summary>Permissions of opencode, of which the last that fits holds: what is allowed, and then what is denied of it.</summary>
    private JsonObject Permission()
    {
        var permission = new JsonObject();

        if (Rules.Allow.Count > 0)
        {
            permission["*"] = "deny";
        }

        foreach (var tool in Rules.Allow)
        {
            permission[Area(tool)] = "allow";
        }

        foreach (var rule in Rules.Denials().Where(rule => rule.Command is not null))
        {
            var commands = permission[Area(rule.Tool)] as JsonObject ?? new JsonObject { ["*"] = (string?)permission[Area(rule.Tool)] ?? (Rules.Allow.Count > 0 ? "deny" : "allow") };
            var prefix = rule.CommandPrefix is { } words ? string.Join(' ', words) : null;

            foreach (var pattern in prefix is null ? [rule.Command!] : new[] { prefix, prefix + " *" })
            {
                commands[pattern] = "deny";
            }

            permission[Area(rule.Tool)] = commands;
        }

        foreach (var rule in Rules.Denials().Where(rule => rule.What is null && ToolNames.ContainsKey(rule.Tool)))
        {
            permission[Area(rule.Tool)] = "deny";
        }

        return permission;
    }

    /// <summary>Its permission to edit covers every tool that changes files.</summary>
    private string Area(string tool) => Own(tool) switch { "write" or "multiedit" => "edit", var own => own };

    private string Own(string tool) => ToolNames.GetValueOrDefault(tool, tool);

    private string? Value(string name) => name switch
    {
        "prompt" => Prompt,
        "token" => Token,
        "model" => Model,
        "turns" => Turns?.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "session" => Session,
        "gateway" => SandboxEndpoints.Gateway,
        "home" => SandboxPaths.Home,
        "workspace" => SandboxPaths.Workspace,
        "state" => State,
        "ringfence" => SandboxPaths.Ringfence,
        "deny" => Rules.Deny.Count == 0 ? null : string.Join(',', Denied()),
        "exclude" => Excluded().Any() ? string.Join(',', Excluded()) : null,
        "excluded" => new JsonArray([.. Excluded().Select(rule => (JsonNode)rule)]).ToJsonString(),
        "permission" => Permission().ToJsonString(),
        "forbidden" => Forbidden().Any() ? string.Join('\n', Forbidden()) : null,
        "tools" => Rules.Allow.Count == 0 ? null : string.Join(',', Rules.Allow.Select(Own)),
        _ => "{" + name + "}",
    };

    [GeneratedRegex(@"\{([a-z]+)\}")]
    private static partial Regex Placeholder();
}
