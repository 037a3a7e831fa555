namespace Ringfence.Egress;

/// <summary>The archives that apt would fetch indexes from: both forms of its lists, whatever folders its configuration names, nothing that is disabled.</summary>
internal static class AptSources
{
    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken) =>
        await ToolQuestion.AskAsync(user, "apt-get", ["indextargets", "--no-release-info", "--format", "$(SITE)"], cancellationToken) is { } answer
            ? answer.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct().ToList()
            : ToolQuestion.NotInstalled("apt", "apt-get");
}
