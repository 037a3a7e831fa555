namespace Ringfence.Workspaces;

/// <summary>A bare git directory written by us, file by file: nothing in it comes from a template or a repository.</summary>
internal static class BareGitDirectory
{
    // Highest precedence of all attributes: whatever .gitattributes a tree holds, bytes go in and out as they are stored.
    private const string Attributes = "* -text !eol -ident !filter !working-tree-encoding !diff !merge !export-subst\n";

    /// <summary>
    /// Files that tools leave behind and nobody commits, for repositories whose own rules do not name them. A repository's rules win, and what
    /// is tracked stays tracked.
    /// </summary>
    private const string BuildOutputs = """
        node_modules/
        bower_components/
        __pycache__/
        *.py[co]
        *.egg-info/
        .pytest_cache/
        .mypy_cache/
        .ruff_cache/
        .tox/
        .nox/
        .venv/
        **/bin/Debug/
        **/bin/Release/
        obj/
        TestResults/
        **/target/debug/
        **/target/release/
        **/target/classes/
        **/target/test-classes/
        .gradle/
        .next/
        .nyc_output/
        .DS_Store
        *.swp

        """;

    /// <param name="alternate">Object folder of another git directory that this one reads from.</param>
    public static void Make(string path, string objectFormat, string? alternate, string? shallowFile = null)
    {
        Directory.CreateDirectory(Path.Combine(path, "objects", "info"));
        Directory.CreateDirectory(Path.Combine(path, "refs"));
        Directory.CreateDirectory(Path.Combine(path, "info"));
        File.WriteAllText(Path.Combine(path, "config"), Config(objectFormat, bare: true));
        File.WriteAllText(Path.Combine(path, "info", "attributes"), Attributes);
        File.WriteAllText(Path.Combine(path, "info", "exclude"), BuildOutputs);

        if (alternate is not null)
        {
            File.WriteAllText(Path.Combine(path, "objects", "info", "alternates"), alternate + "\n");
        }

        if (shallowFile is not null && File.Exists(shallowFile))
        {
            File.Copy(shallowFile, Path.Combine(path, "shallow"), overwrite: true);
        }

        // Last, because a folder without HEAD is not a git directory: half of one is never taken for a whole.
        File.WriteAllText(Path.Combine(path, "HEAD"), "ref: refs/heads/none\n");
    }

    public static string Config(string objectFormat, bool bare)
    {
        var text = $"[core]\n\trepositoryformatversion = {(objectFormat == "sha1" ? 0 : 1)}\n\tfilemode = true\n\tbare = {(bare ? "true" : "false")}\n";
        return objectFormat == "sha1" ? text : text + $"[extensions]\n\tobjectformat = {objectFormat}\n";
    }
}
