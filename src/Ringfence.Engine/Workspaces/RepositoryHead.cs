namespace Ringfence.Workspaces;

/// <summary>
/// What is merged in a repository: its HEAD, as git's objects have it. Neither what somebody has not committed nor what a branch proposes is in it, and a link
/// leads nowhere.
/// </summary>
internal sealed class RepositoryHead
{
    private readonly Git git;

    private RepositoryHead(Git git, string commit)
    {
        this.git = git;
        Commit = commit;
    }

    public string Commit { get; }

    /// <summary>HEAD as it is now: of a URL, what its server says at this moment. Fails as preparing a workspace does.</summary>
    public static async Task<Result<RepositoryHead>> FindAsync(string home, string repository, TimeProvider time, CancellationToken cancellationToken)
    {
        var address = RepositoryAddress.Parse(repository);

        if (!address.IsUrl)
        {
            return (await UserRepository.ResolveAsync(address.Fetch, null, cancellationToken)).Succeeded(out var resolved, out var unknown)
                ? new RepositoryHead(Git.UserIn(address.Fetch), resolved.Commit) : Result.Fail<RepositoryHead>(unknown);
        }

        var cache = new RepositoryCache(home, address.Key, time);
        return (await cache.FetchAsync(address.Fetch, "HEAD", null, cancellationToken)).Succeeded(out var fetched, out var unreachable)
            ? new RepositoryHead(Git.Own(cache.GitDirectory), fetched.Commit) : Result.Fail<RepositoryHead>(unreachable);
    }

    /// <summary>The plain files right below a folder, in the order of their names. None when there is no such folder.</summary>
    public async Task<Result<IReadOnlyList<HeadFile>>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var asked = await git.RunAsync(["ls-tree", "-z", "--full-tree", $"{Commit}:{folder}"], cancellationToken);

        if (!asked.Succeeded(out var list))
        {
            return asked.Failures[0];
        }

        var files = new List<HeadFile>();

        foreach (var entry in Latin1.Split(list.Output).Where(entry => list.IsSuccess && entry.StartsWith("100", StringComparison.Ordinal)))
        {
            // mode type oid <tab> name; a name that is no text is nothing that anybody could ask for.
            if (Latin1.IsUtf8(entry[(entry.IndexOf('\t', StringComparison.Ordinal) + 1)..], out var name))
            {
                files.Add(new HeadFile(name, entry.Split(' ', '\t')[2]));
            }
        }

        return files;
    }

    /// <summary>What stands in files, by <see cref="HeadFile.Oid"/>. One that is larger than <paramref name="largest"/> bytes, or comes when all before it have
    /// filled <paramref name="together"/>, is left out.</summary>
    public Task<Result<IReadOnlyDictionary<string, byte[]>>> ReadAsync(IEnumerable<HeadFile> files, int largest, long together, CancellationToken cancellationToken) =>
        BlobReader.ReadAsync(git, [.. files.Select(file => file.Oid).Distinct(StringComparer.Ordinal)], largest, together, cancellationToken);
}

/// <param name="Oid">Name of its content.</param>
internal sealed record HeadFile(string Name, string Oid);
