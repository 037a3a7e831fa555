using System.Text;
using System.Text.Json;
using Ringfence.Sandboxes;
using Ringfence.Workflows;

namespace Ringfence.Workspaces;

/// <summary>
/// Keeps files of the base out of an agent's sight by a layer of deletion marks below its changes (in a copy by taking them out), and keeps that out of the change set: an agent that
/// removes a folder which looks empty to it did not mean the files in it.
/// </summary>
internal static class HiddenFiles
{
    private const string Note = "hidden.json";

    public static async Task<Result<(string Layer, int Files)>> WriteAsync(
        string folder, WorkspaceMount mount, string gitDirectory, string baseTree, ContextView shown, CancellationToken cancellationToken)
    {
        var layer = mount.Upper!;
        var isDone = mount.IsCopy && File.Exists(Path.Combine(folder, Note)); // what stands there by now in the place of a hidden file is the agent's

        // On disk before an agent can see the layer: whoever collects after a crash knows it too.
        await File.WriteAllBytesAsync(Path.Combine(folder, Note), JsonSerializer.SerializeToUtf8Bytes(shown, WorkspaceJson.Default.ContextView), cancellationToken);

        if (!(await ListAsync(gitDirectory, baseTree, shown, cancellationToken)).Succeeded(out var hidden, out var why))
        {
            return Result.Fail<(string, int)>(why);
        }

        if (hidden.Count == 0 || isDone)
        {
            return (layer, hidden.Count);
        }

        if (await TreeCheckout.WriteAsync(mount, gitDirectory, hidden, cancellationToken) is { } failure)
        {
            return failure;
        }

        return await IndexAsync(layer, mount.Lower, gitDirectory, hidden, cancellationToken) is { } wrong ? wrong : (layer, hidden.Count);
    }

    /// <summary>The tree with every hidden file of the base that is not in it any more.</summary>
    public static async Task<Result<string>> PutBackAsync(string folder, string gitDirectory, string baseTree, string tree, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, Note);

        if (!File.Exists(file) || tree == baseTree)
        {
            return tree;
        }

        var hides = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(file, cancellationToken), WorkspaceJson.Default.ContextView)!.Hides();

        if (!(await TreeDiff.ReadAsync(gitDirectory, baseTree, tree, cancellationToken)).Succeeded(out var difference, out var why))
        {
            return Result.Fail<string>(why);
        }

        // Where the agent put a file in the place of a folder, both cannot be: that is a deletion, and the gates say so.
        var taken = difference.Where(change => change.Operation is not FileOperation.Deleted).Select(change => change.Path.ToString() + "/").ToList();
        var lost = difference.Where(change => change.Operation is FileOperation.Deleted && hides(Text(change))
            && !taken.Exists(path => change.Path.ToString().StartsWith(path, StringComparison.Ordinal))).ToList();

        if (lost.Count == 0)
        {
            return tree;
        }

        var listed = await Git.Own(gitDirectory).RunAsync(["ls-tree", "-r", "-z", "--full-tree", baseTree], cancellationToken);

        if (!listed.Succeeded(out var list) || !list.IsSuccess)
        {
            return listed.IsFailure ? listed.Failures[0] : GitFailures.From("change_set_failed", "Reading the base", list!.Error);
        }

        var entries = Latin1.Split(list.Output).ToDictionary(entry => entry[(entry.IndexOf('\t', StringComparison.Ordinal) + 1)..], entry => entry.Split(' ', '\t'));

        // A ref of a git directory of ours is a file.
        var collected = (await File.ReadAllTextAsync(Path.Combine(gitDirectory, TreeWriter.Ref), cancellationToken)).Trim();

        if (!TreeWriter.Start(gitDirectory, collected).Succeeded(out var writer, out why))
        {
            return Result.Fail<string>(why);
        }

        await using (writer)
        {
            foreach (var change in lost)
            {
                var entry = entries[Encoding.Latin1.GetString(change.Path.Bytes)];
                writer.AddKnown(change.Path.Bytes, entry[0], entry[2]);
            }

            return await writer.FinishAsync(cancellationToken);
        }
    }

    private static async Task<Result<List<FileChange>>> ListAsync(string gitDirectory, string tree, ContextView shown, CancellationToken cancellationToken)
    {
        var hides = shown.Hides();
        var asked = await Git.Own(gitDirectory).RunAsync(["ls-tree", "-r", "-z", "--full-tree", "--name-only", tree], cancellationToken);

        return !asked.Succeeded(out var answer) ? asked.Failures[0]
            : !answer.IsSuccess ? GitFailures.From("checkout_failed", "Listing the base", answer.Error)
            : Latin1.Split(answer.Output).Select(path => new FileChange(new GitPath(Encoding.Latin1.GetBytes(path)), FileOperation.Deleted, null, null, 0, 0, 0))
                .Where(file => hides(Text(file))).ToList();
    }

    /// <summary>Git inside is told not to look for the hidden files, so that it does not call them deleted.</summary>
    private static async Task<Failure?> IndexAsync(
        string layer, string baseFolder, string gitDirectory, List<FileChange> hidden, CancellationToken cancellationToken)
    {
        var index = Path.Combine(Directory.CreateDirectory(Path.Combine(layer, ".git")).FullName, "index");
        File.Copy(Path.Combine(baseFolder, ".git", "index"), index, overwrite: true);
        byte[] paths = [.. hidden.SelectMany(file => (byte[])[.. file.Path.Bytes, 0])];
        var asked = await Git.Own(gitDirectory, baseFolder).With("GIT_INDEX_FILE", index)
            .RunAsync(["update-index", "-z", "--skip-worktree", "--stdin"], cancellationToken, paths);

        return !asked.Succeeded(out var answer) ? asked.Failures[0]
            : answer.IsSuccess ? null
            : GitFailures.From("checkout_failed", "Hiding files from the agent", answer.Error);
    }

    private static string Text(FileChange file) => Encoding.UTF8.GetString(file.Path.Bytes);
}
