using Ringfence.Processes;

namespace Ringfence.App.Commands;

/// <summary>A git repository with the sample in it, in a temporary folder, gone when the demo is over unless it is kept.</summary>
internal sealed class DemoRepository : IAsyncDisposable
{
    private static readonly string Sample =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "samples", "login-service"));

    private DemoRepository(string folder, bool kept)
    {
        Folder = folder;
        Kept = kept;
    }

    /// <summary>The simulated model's script for this sample.</summary>
    public static string Script => Path.Combine(Sample, "demo-model.yaml");

    public string Folder { get; }

    public bool Kept { get; }

    public static async Task<Result<DemoRepository>> CreateAsync(bool keep, CancellationToken cancellationToken)
    {
        if (!File.Exists(Script))
        {
            return new Failure("demo_missing", $"The demo's sample is not at {Sample}.", "The demo runs from a checkout of Ringfence: ./ringfence demo");
        }

        var repository = new DemoRepository(Directory.CreateTempSubdirectory("ringfence-demo-").FullName, keep);
        Copy(new DirectoryInfo(Sample), repository.Folder);

        if (!(await CommitAsync(repository.Folder, "A login service", cancellationToken)).Succeeded(out _, out var why))
        {
            await repository.DisposeAsync();
            return Result.Fail<DemoRepository>(why);
        }

        return repository;
    }

    /// <summary>Makes a folder a repository with all that is in it committed. The user's git configuration does not count.</summary>
    public static async Task<Result<bool>> CommitAsync(string folder, string message, CancellationToken cancellationToken)
    {
        foreach (var arguments in (string[][])[["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", message]])
        {
            if (await GitAsync(folder, arguments, cancellationToken) is { IsFailure: true } failed)
            {
                return failed;
            }
        }

        return true;
    }

    public ValueTask DisposeAsync()
    {
        if (!Kept)
        {
            Directory.Delete(Folder, recursive: true);
        }

        return ValueTask.CompletedTask;
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        foreach (var folder in from.EnumerateDirectories().Where(folder => folder.Name is not ("bin" or "obj")))
        {
            Copy(folder, Directory.CreateDirectory(Path.Combine(to, folder.Name)).FullName);
        }

        // The agent must not find the script of its own model.
        foreach (var file in from.EnumerateFiles().Where(file => file.Name != Path.GetFileName(Script)))
        {
            file.CopyTo(Path.Combine(to, file.Name));
        }
    }

    private static async Task<Result<bool>> GitAsync(string folder, string[] arguments, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
            ["HOME"] = "/nonexistent",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_AUTHOR_NAME"] = "Ringfence demo",
            ["GIT_AUTHOR_EMAIL"] = "demo@ringfence.invalid",
            ["GIT_COMMITTER_NAME"] = "Ringfence demo",
            ["GIT_COMMITTER_EMAIL"] = "demo@ringfence.invalid",
        };

        if (!ChildProcess.Start(new ChildCommand("git", arguments, environment) { WorkingDirectory = folder }).Succeeded(out var git, out var why))
        {
            return Result.Fail<bool>(why);
        }

        await using (git)
        {
            await git.Output.CopyToAsync(Stream.Null, cancellationToken);
            var end = await git.WaitAsync(cancellationToken);

            return end.Code == 0 ? true : new Failure("demo_repository", $"git {arguments[0]} failed: {end.Error.Trim()}");
        }
    }
}
