using System.Text.Json.Nodes;

namespace Ringfence.Agent.Settings;

/// <summary>All levels of settings as one: lists are joined, of single values the strictest level's counts.</summary>
internal sealed class AgentSettings
{
    public List<string> Allow { get; } = [];

    public List<string> Ask { get; } = [];

    public List<string> Deny { get; } = [];

    public List<string> AdditionalDirectories { get; } = [];

    public string? DefaultMode { get; set; }

    public bool BypassDisabled { get; set; }

    public string? Model { get; set; }

    public string? Theme { get; set; }

    /// <summary>For commands. Only levels that are the user's own may also steer the agent itself.</summary>
    public Dictionary<string, string> CommandEnvironment { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> OwnEnvironment { get; } = new(StringComparer.Ordinal);

    public List<HookSetting> Hooks { get; } = [];

    public bool AllProjectServers { get; set; }

    public HashSet<string> EnabledProjectServers { get; } = new(StringComparer.Ordinal);

    public HashSet<string> DisabledProjectServers { get; } = new(StringComparer.Ordinal);

    public bool HooksDisabled { get; set; }

    public bool SandboxDisabled { get; set; }

    /// <summary>Hosts that commands in the sandbox may reach.</summary>
    public List<string> SandboxHosts { get; } = [];

    /// <summary>Each file or flag that spoke, the weakest first.</summary>
    public List<(string Source, JsonObject Settings)> Sources { get; } = [];

    public sealed record HookSetting(string Event, string? Matcher, string Command, TimeSpan Limit);

    /// <param name="source">Which level it is, by Claude Code's name.</param>
    /// <param name="isOwn">The user's or the administrator's, not the repository's.</param>
    public void Add(JsonObject settings, string source, bool isOwn)
    {
        Sources.Add((source, settings));
        var permissions = settings.Object("permissions");
        Allow.AddRange(Strings(permissions.Array("allow")));
        Ask.AddRange(Strings(permissions.Array("ask")));
        Deny.AddRange(Strings(permissions.Array("deny")));
        AdditionalDirectories.AddRange(Strings(permissions.Array("additionalDirectories")));
        BypassDisabled |= permissions.Text("disableBypassPermissionsMode") == "disable";
        HooksDisabled |= isOwn && settings.Flag("disableAllHooks") is true;
        AllProjectServers |= isOwn && settings.Flag("enableAllProjectMcpServers") is true;

        SandboxDisabled |= isOwn && settings.Object("sandbox").Flag("enabled") is false;
        SandboxHosts.AddRange(isOwn ? Strings(settings.Object("sandbox").Object("network").Array("allowedDomains")) : []);

        // A repository may ask for less, never for everything: who wrote it is not who runs it.
        var mode = permissions.Text("defaultMode");
        DefaultMode = mode is null || (mode == "bypassPermissions" && !isOwn) ? DefaultMode : mode;
        Model = settings.Text("model") ?? Model;
        Theme = settings.Text("theme") ?? Theme;

        foreach (var (name, value) in settings.Object("env") ?? [])
        {
            CommandEnvironment[name] = value!.ToString();

            if (isOwn)
            {
                OwnEnvironment[name] = value.ToString();
            }
        }

        EnabledProjectServers.UnionWith(isOwn ? Strings(settings.Array("enabledMcpjsonServers")) : []);
        DisabledProjectServers.UnionWith(Strings(settings.Array("disabledMcpjsonServers")));
        AddHooks(settings.Object("hooks") ?? []);
    }

    private void AddHooks(JsonObject hooks)
    {
        foreach (var (name, groups) in hooks)
        {
            foreach (var group in (groups as JsonArray ?? []).OfType<JsonObject>())
            {
                Hooks.AddRange((group.Array("hooks") ?? []).OfType<JsonObject>().Where(h => h.Text("type") == "command")
                    .Select(h => new HookSetting(name, group.Text("matcher"), h.Text("command")!, TimeSpan.FromSeconds(h.Integer("timeout") ?? 60))));
            }
        }
    }

    private static IEnumerable<string> Strings(JsonArray? array) => (array ?? []).Select(v => v?.ToString()).OfType<string>();
}
