using System.Text.Json;

namespace Ringfence.Egress;

/// <summary>npm's registry and those of its scopes, with npm's own order of configuration files and variables.</summary>
internal static class NpmRegistries
{
    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken)
    {
        if (await ToolQuestion.AskAsync(user, "npm", ["config", "list", "--json"], cancellationToken) is not { } answer)
        {
            return ToolQuestion.NotInstalled("npm", "npm");
        }

        using var settings = JsonDocument.Parse(answer);
        return settings.RootElement.EnumerateObject()
            .Where(p => (p.Name == "registry" || p.Name.EndsWith(":registry", StringComparison.Ordinal)) && p.Value.ValueKind == JsonValueKind.String)
            .Select(p => p.Value.GetString()!).ToList();
    }
}
