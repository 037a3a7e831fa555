namespace Ringfence.App.Api;

/// <summary>The eight kinds of log lines that clients of hosted systems know, as what our events are.</summary>
internal static class LogCategory
{
    public static IReadOnlyList<string> Names { get; } = ["system", "git", "agent", "filesystem", "github", "web", "mcp", "error"];

    private static readonly (string Prefix, string Category)[] Known =
    [
        ("model.error", "error"), ("budget.denied", "error"), ("budget.frozen", "error"), ("gate.", "error"), ("file.", "filesystem"), ("net.", "web"), ("secret.", "web"),
        ("dns.", "web"), ("workspace.", "git"), ("commit.", "git"), ("branch.", "git"), ("artifact.", "git"), ("pull_request.", "github"), ("mcp.", "mcp"), ("agent.", "agent"), ("tool.", "agent"),
        ("model.", "agent"), ("context.", "agent"), ("command.", "agent"),
    ];

    public static string Of(string type) => Array.Find(Known, known => type.StartsWith(known.Prefix, StringComparison.Ordinal)).Category ?? "system";
}
