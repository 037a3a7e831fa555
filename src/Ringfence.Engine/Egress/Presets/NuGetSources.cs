namespace Ringfence.Egress;

/// <summary>The package sources that are enabled for the user, as the dotnet command merges them.</summary>
internal static class NuGetSources
{
    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken) =>
        await ToolQuestion.AskAsync(user, "dotnet", ["nuget", "list", "source", "--format", "Short"], cancellationToken) is { } answer

            // "E https://host/index.json": enabled; D is disabled, and a letter M marks a source of the machine.
            ? answer.Split('\n').Where(l => l.StartsWith('E')).Select(l => l[(l.IndexOf(' ', StringComparison.Ordinal) + 1)..]).ToList()
            : ToolQuestion.NotInstalled("nuget", "dotnet");
}
