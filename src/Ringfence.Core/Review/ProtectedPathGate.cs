namespace Ringfence.Review;

/// <summary><c>protected_path</c>: files that decide what machines, agents and Ringfence itself will do next.</summary>
internal static class ProtectedPathGate
{
    private static readonly (string What, PathGlob Glob)[] Paths =
    [
        .. Of("continuous integration", ".github/workflows/**", ".github/actions/**", ".gitlab-ci.yml", ".gitlab/**", "azure-pipelines*.{yml,yaml}", ".circleci/**",
            "Jenkinsfile*", ".buildkite/**", ".travis.yml", "bitbucket-pipelines.yml", ".drone.yml", ".woodpecker*/**", ".ci/**", ".github/dependabot.{yml,yaml}"),
        .. Of("who reviews", "CODEOWNERS"),
        .. Of("git hooks", ".husky/**", ".githooks/**", ".pre-commit-config.{yaml,yml}", "lefthook*.{yml,yaml}", ".lefthook/**", ".overcommit.yml"),
        .. Of("git's own settings", ".gitmodules", ".lfsconfig", ".gitattributes"),
        .. Of("instructions to agents", "CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "GEMINI.md", "QWEN.md", ".cursorrules", ".windsurfrules", ".clinerules",
            ".claude/**", ".codex/**", ".gemini/**", ".cursor/**", ".opencode/**", "opencode.json", ".mcp.json", ".github/copilot-instructions.md", ".github/instructions/**",
            ".aider*"),
        .. Of("Ringfence's own rules", ".ringfence/**"),
    ];

    public static IEnumerable<Finding> Review(IReadOnlyList<ReviewFile> files) =>
        from file in files
        from path in Paths
        where path.Glob.Matches(file.Path)
        select file.At("protected_path", FindingSeverity.Ask, path.What);

    internal static IEnumerable<(string, PathGlob)> Of(string what, params IEnumerable<string> patterns) =>
        patterns.SelectMany(p => new[] { p, $"**/{p}" }.Distinct()).Select(p => (what, PathGlob.Forbidding(p)));
}
