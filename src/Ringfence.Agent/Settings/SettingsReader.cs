using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Settings;

/// <summary>
/// Reads the four levels of settings and what the command line adds. Whatever is wrong in one of them stops the start with its line: a rule that is
/// silently ignored is a rule that somebody relies on.
/// </summary>
internal static class SettingsReader
{
    public const string ManagedPath = "/etc/claude-code/managed-settings.json";

    public static AgentSettings Read(AgentOptions options, string root, string userDirectory, List<Failure> failures)
    {
        var settings = new AgentSettings();
        var sources = options.SettingSources?.Split(',', StringSplitOptions.TrimEntries) ?? ["user", "project", "local"];

        // From the weakest to the strongest, so that the last one to speak wins.
        if (!options.Bare)
        {
            Add(settings, sources.Contains("user"), Path.Combine(userDirectory, "settings.json"), isOwn: true, failures);
            Add(settings, sources.Contains("project"), Path.Combine(root, ".claude", "settings.json"), isOwn: false, failures);
            Add(settings, sources.Contains("local"), Path.Combine(root, ".claude", "settings.local.json"), isOwn: false, failures);
        }

        if (options.Settings is { Length: > 0 } given)
        {
            AddText(settings, given, "--settings", failures);
        }

        if (options.ManagedSettings is { Length: > 0 } managed)
        {
            AddText(settings, managed, "--managed-settings", failures);
        }

        Add(settings, true, ManagedPath, isOwn: true, failures);
        return settings;
    }

    private static void AddText(AgentSettings settings, string given, string source, List<Failure> failures)
    {
        if (given.TrimStart().StartsWith('{'))
        {
            Parse(settings, System.Text.Encoding.UTF8.GetBytes(given), source, isOwn: true, failures);
        }
        else if (File.Exists(given))
        {
            Add(settings, true, given, isOwn: true, failures);
        }
        else
        {
            failures.Add(new Failure("no_settings", $"{source}: the file '{given}' does not exist."));
        }
    }

    private static void Add(AgentSettings settings, bool wanted, string path, bool isOwn, List<Failure> failures)
    {
        if (!wanted || !File.Exists(path))
        {
            return;
        }

        try
        {
            Parse(settings, File.ReadAllBytes(path), path, isOwn, failures);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failures.Add(new Failure("unreadable_settings", $"{path} cannot be read: {e.Message}"));
        }
    }

    private static void Parse(AgentSettings settings, byte[] bytes, string source, bool isOwn, List<Failure> failures)
    {
        bytes = bytes is [0xEF, 0xBB, 0xBF, ..] ? bytes[3..] : bytes;

        try
        {
            var parsed = JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });

            if (parsed is not JsonObject root)
            {
                failures.Add(new Failure("bad_settings", $"{source}:1: settings must be a JSON object."));
                return;
            }

            var lines = LinesOf(bytes);
            var before = failures.Count;
            SettingsCheck.Check(root, (path, message, hint) => failures.Add(new Failure("bad_settings", $"{source}:{lines.GetValueOrDefault(path, 1)}: {message}", hint)));

            if (failures.Count == before)
            {
                settings.Add(root, Level(source, isOwn), isOwn);
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            var line = (e as JsonException)?.LineNumber + 1 ?? 1;
            failures.Add(new Failure("bad_settings", $"{source}:{line}: not valid JSON: {e.Message.Split(" LineNumber", 2)[0]}"));
        }
    }

    private static string Level(string source, bool isOwn) => source switch
    {
        "--settings" => "flagSettings",
        "--managed-settings" or ManagedPath => "policySettings",
        _ when isOwn => "userSettings",
        _ => Path.GetFileName(source) == "settings.local.json" ? "localSettings" : "projectSettings",
    };

    /// <summary>The line of every value, by its path.</summary>
    private static Dictionary<string, int> LinesOf(byte[] bytes)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var path = new Stack<(string Path, int Index)>();
        var name = "";

        while (reader.Read())
        {
            var line = bytes.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n') + 1;

            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                name = path.Peek().Path.Length == 0 ? reader.GetString()! : $"{path.Peek().Path}.{reader.GetString()}";
                lines[name] = line;
                continue;
            }

            if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
            {
                path.Pop();
                continue;
            }

            if (path.TryPeek(out var top) && top.Index >= 0)
            {
                path.Pop();
                path.Push((top.Path, top.Index + 1));
                name = $"{top.Path}[{top.Index}]";
                lines[name] = line;
            }

            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            {
                path.Push((name, reader.TokenType == JsonTokenType.StartArray ? 0 : -1));
            }
        }

        return lines;
    }
}
