using System.Text;
using System.Text.Json;

namespace Ringfence.Workspaces;

/// <summary>What is known of a base checkout without looking at it again.</summary>
internal sealed record BaseFacts
{
    public required int Files { get; init; }

    /// <summary>Paths of submodules, Latin-1 so that every byte survives; their folders are empty.</summary>
    public required IReadOnlyList<string> Submodules { get; init; }

    public required int LfsPointers { get; init; }
}

/// <summary>
/// One commit's files on disk, bytes as stored, beside the throw-away git directory that agents get: made once, shared by all runs, never
/// written again.
/// </summary>
internal sealed class BaseCheckout(string folder)
{
    public string Tree => Path.Combine(folder, "tree");

    /// <summary>Complete, because it is renamed into place when it is.</summary>
    public bool IsThere => File.Exists(FactsFile);

    private string FactsFile => Path.Combine(folder, "base.json");

    /// <summary>Says that a run starts from it now, so that <see cref="BaseTrim"/> leaves it.</summary>
    public void Touch(TimeProvider time) => File.SetLastWriteTimeUtc(FactsFile, time.GetUtcNow().UtcDateTime);

    public BaseFacts Facts => JsonSerializer.Deserialize(File.ReadAllBytes(FactsFile), WorkspaceJson.Default.BaseFacts)!;

    /// <summary>The caller holds the repository's lock.</summary>
    public async Task<Result<BaseCheckout>> MakeAsync(
        RepositoryCache cache, string commit, string objectFormat, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        progress?.Report("Checking out");
        var making = folder + ".new";

        UnixFolder.RemoveAll(making); // the maker before us may have been killed

        var tree = Path.Combine(making, "tree");
        var index = Path.Combine(making, "index");
        Directory.CreateDirectory(tree);
        var git = Git.Own(cache.GitDirectory, tree).With("GIT_INDEX_FILE", index);
        var written = await git.RunAsync(["read-tree", "-u", "--reset", commit], cancellationToken);

        if (!written.Succeeded(out var answer) || !answer.IsSuccess)
        {
            return written.IsFailure ? written.Failures[0] : GitFailures.From("checkout_failed", $"Commit {commit}", answer!.Error);
        }

        var listed = await git.RunAsync(["ls-files", "--stage", "-z"], cancellationToken);

        if (!listed.Succeeded(out var list) || !list.IsSuccess)
        {
            return listed.IsFailure ? listed.Failures[0] : GitFailures.From("checkout_failed", $"Commit {commit}", list!.Error);
        }

        var facts = Look(list.Output, tree);
        MakeAgentsGitDirectory(Path.Combine(tree, ".git"), cache, commit, objectFormat);
        File.Move(index, Path.Combine(tree, ".git", "index"));
        File.WriteAllBytes(Path.Combine(making, "base.json"), JsonSerializer.SerializeToUtf8Bytes(facts, WorkspaceJson.Default.BaseFacts));
        Directory.Move(making, folder);
        return this;
    }

    // HEAD on a branch, an index that is up to date, history by alternates: git works inside as anywhere. Whatever is done to it is thrown away.
    private static void MakeAgentsGitDirectory(string path, RepositoryCache cache, string commit, string objectFormat)
    {
        BareGitDirectory.Make(path, objectFormat, AgentObjects, Path.Combine(cache.GitDirectory, "shallow"));
        Directory.CreateDirectory(Path.Combine(path, "refs", "heads"));
        File.WriteAllText(Path.Combine(path, "refs", "heads", "work"), commit + "\n");
        File.WriteAllText(Path.Combine(path, "HEAD"), "ref: refs/heads/work\n");
        File.Delete(Path.Combine(path, "info", "attributes"));

        // Inode, device and owner differ inside the overlay; size and time tell enough, and `git status` need not read every file.
        File.WriteAllText(Path.Combine(path, "config"), BareGitDirectory.Config(objectFormat, bare: false) + """
            [core]
            	checkStat = minimal
            	trustctime = false
            [user]
            	name = Ringfence agent
            	email = agent@ringfence.invalid
            [gc]
            	auto = 0

            """);
    }

    /// <summary>Where the sandbox shows the objects of the base's history.</summary>
    public const string AgentObjects = Sandboxes.SandboxPaths.Ringfence + "/objects";

    private static BaseFacts Look(byte[] list, string tree)
    {
        var (files, pointers, submodules) = (0, 0, new List<string>());
        var usesLfs = false;
        var small = new List<string>();

        foreach (var entry in Latin1.Split(list))
        {
            var tab = entry.IndexOf('\t', StringComparison.Ordinal);
            var path = entry[(tab + 1)..];
            files++;

            if (entry.StartsWith("160000", StringComparison.Ordinal))
            {
                submodules.Add(path);
            }
            else if (entry.StartsWith("100", StringComparison.Ordinal) && Latin1.IsUtf8(path, out var name))
            {
                // A name that is not UTF-8 cannot be an attributes file.
                var onDisk = Path.Combine(tree, name);

                if (Path.GetFileName(name) == ".gitattributes" && !usesLfs)
                {
                    usesLfs = File.ReadAllText(onDisk).Contains("filter=lfs", StringComparison.Ordinal);
                }

                small.Add(onDisk);
            }
        }

        return new() { Files = files, Submodules = submodules, LfsPointers = usesLfs ? small.Count(IsLfsPointer) : pointers };
    }

    private static bool IsLfsPointer(string path)
    {
        var file = new FileInfo(path);

        if (file.Length is < 100 or > 1024)
        {
            return false;
        }

        return Encoding.Latin1.GetString(File.ReadAllBytes(path)).StartsWith("version https://git-lfs.github.com/spec/", StringComparison.Ordinal);
    }
}
