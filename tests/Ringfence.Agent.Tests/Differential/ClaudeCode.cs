using System.Runtime.CompilerServices;

namespace Ringfence.Tests.Differential;

/// <summary>The real Claude Code 2.1.329, which <c>eng/setup.sh --test</c> installs among the agents; never a part of this product.</summary>
internal static class ClaudeCode
{
    private const string Place = "artifacts/agents-cache/agents/claude-code/2.1.329/node_modules/@anthropic-ai/claude-code-linux-x64/claude";

    public static string Executable { get; } = Environment.GetEnvironmentVariable("RINGFENCE_TEST_CLAUDE") ?? Path.GetFullPath(Path.Combine(Here(), "../../..", Place));

    public static void SkipWithout() => Assert.SkipUnless(File.Exists(Executable), $"Claude Code 2.1.329 is not installed at {Executable}; RINGFENCE_TEST_CLAUDE names another place.");

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
