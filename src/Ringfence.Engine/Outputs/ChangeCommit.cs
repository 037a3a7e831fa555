using System.Globalization;
using System.Text;
using Ringfence.Workspaces;

namespace Ringfence.Outputs;

/// <summary>Makes the commit that is published: the user as author, Ringfence as committer, exactly the tree of the change set, one parent.</summary>
internal static class ChangeCommit
{
    public static Result<string> Make(Workspace workspace, ChangeSet changes, CommitMessage message)
    {
        if (changes.IsEmpty)
        {
            return new Failure("nothing_to_publish", "The run changed nothing.");
        }

        var seconds = workspace.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var (name, address) = Author(workspace.Author);
        var text = $"""
            tree {changes.Tree}
            parent {changes.Base}
            author {name} <{address}> {seconds} +0000
            committer Ringfence <ringfence@localhost> {seconds} +0000

            {message.ToString().Replace("\0", "", StringComparison.Ordinal)}
            """;
        return LooseObject.Write(workspace.GitDirectory, "commit", Encoding.UTF8.GetBytes(text), changes.Tree.Length);
    }

    private static (string Name, string Address) Author(string? ident) =>
        ident?.LastIndexOf('<') is { } open and > 0 ? (ident[..open].Trim(), ident[(open + 1)..].TrimEnd('>')) : ("Ringfence", "ringfence@localhost");
}
