using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Which theme is used: the one that was chosen, or the one that fits the terminal's background.</summary>
internal sealed class ThemeChoice(Paint paint)
{
    private static readonly JsonWriterOptions Indented = Json.Compact with { Indented = true };

    private string chosen = Theme.Auto;
    private bool? isLight;

    public void Use(string? name)
    {
        chosen = Theme.Find(name)?.Name ?? Theme.Auto;
        Apply();
    }

    /// <summary>What became known of the background; null leaves it as it was.</summary>
    public void Learn(bool? light)
    {
        isLight = light ?? isLight;
        Apply();
    }

    /// <summary>Lists the themes, or takes one and keeps it in the user's settings.</summary>
    public string Choose(string name, string userDirectory)
    {
        if (name.Length == 0)
        {
            return string.Join('\n', Theme.Names.Select(n => $"  {(n == chosen ? paint.Accent("▸") : " ")} {paint.Bold($"{n,-17}")} {paint.Quiet(Describe(n))}")) + "\n" + paint.Quiet("/theme NAME takes it and keeps it.");
        }

        if (!Theme.Names.Contains(name))
        {
            return paint.Error($"There is no theme '{TextWidth.Safe(name)}'. There are: {string.Join(", ", Theme.Names)}.");
        }

        Use(name);
        var sample = $"{paint.Of(Role.Added, "+ added")}  {paint.Of(Role.Removed, "- removed")}  {paint.Of(Role.Code, "code")}  {paint.Accent("accent")}  {paint.Warning("warning")}  {paint.Error("error")}  {paint.Quiet("quiet")}";
        return $"Theme: {name}. {Keep(name, Path.Combine(userDirectory, "settings.json"))}\n  {sample}";
    }

    private string Describe(string name) => Theme.Find(name)?.Description ?? $"by the terminal's background{(isLight is { } light ? $": it is {(light ? "light" : "dark")}" : ", which it does not tell")}";

    private void Apply() => paint.Theme = Theme.Find(chosen) ?? isLight switch { true => Theme.Light, false => Theme.Dark, _ => Theme.Ansi };

    private static string Keep(string name, string file)
    {
        try
        {
            // Comments would be lost, so a file that has any is left to its owner.
            var settings = File.Exists(file) ? JsonNode.Parse(File.ReadAllText(file)) as JsonObject : [];

            if (settings is null)
            {
                return $"It is not kept: {file} is no JSON object.";
            }

            settings["theme"] = name;
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var written = file + ".new";

            using (var stream = File.Create(written))
            using (var writer = new Utf8JsonWriter(stream, Indented))
            {
                settings.WriteTo(writer);
            }

            File.Move(written, file, overwrite: true);
            return $"Kept in {file}.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return $"It is not kept: {file}: {e.Message}";
        }
    }
}
