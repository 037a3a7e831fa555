using System.Text;
using Ringfence.Processes;

namespace Ringfence.Workspaces;

/// <summary>What git answered. Paths in it are bytes, so the output is too.</summary>
internal sealed record GitAnswer(int Code, byte[] Output, string Error)
{
    public bool IsSuccess => Code == 0;

    public string Text => Encoding.UTF8.GetString(Output).TrimEnd('\n');
}

/// <summary>Starts git with an environment of ours. Every git process of Ringfence on the host is started here.</summary>
internal sealed class Git(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> fixedArguments)
{
    /// <summary>Git on a git directory of ours.</summary>
    public static Git Own(string gitDirectory, string? workTree = null) => workTree is null
        ? new(GitEnvironment.Own, $"--git-dir={gitDirectory}")
        : new(GitEnvironment.Own, $"--git-dir={gitDirectory}", $"--work-tree={workTree}");

    /// <summary>Git with the user's own configuration, as started in <paramref name="folder"/>.</summary>
    public static Git UserIn(string folder) => new(GitEnvironment.User, "-C", folder);

    /// <summary>Git with the user's configuration (credentials, trusted folders) on a git directory, ours or theirs.</summary>
    public static Git UserOn(string gitDirectory) => new(GitEnvironment.User, $"--git-dir={gitDirectory}");

    public Git With(string variable, string value) =>
        new(new Dictionary<string, string>(environment, StringComparer.Ordinal) { [variable] = value }, fixedArguments);

    /// <summary>With one more setting, in force above every configuration file.</summary>
    public Git WithSetting(string key, string value)
    {
        var count = int.Parse(environment["GIT_CONFIG_COUNT"], System.Globalization.CultureInfo.InvariantCulture);
        return With($"GIT_CONFIG_KEY_{count}", key).With($"GIT_CONFIG_VALUE_{count}", value).With("GIT_CONFIG_COUNT", (count + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    public Result<ChildProcess> Start(IReadOnlyList<string> arguments, IProgress<string>? progress = null)
    {
        var started = ChildProcess.Start(new("git", [.. fixedArguments, .. arguments], environment) { WorkingDirectory = "/" }, progress);

        return started.IsFailure
            ? new Failure("git_missing", "The program git cannot be started.", "Install git 2.36 or newer and have it in PATH.")
            : started;
    }

    /// <summary>Runs to the end. The answer may be a refusal: look at its code. Fails only when git cannot be started.</summary>
    public async Task<Result<GitAnswer>> RunAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellationToken, ReadOnlyMemory<byte> input = default,
        IProgress<string>? progress = null)
    {
        var started = Start(arguments, progress);

        if (!started.Succeeded(out var process))
        {
            return started.Failures[0];
        }

        await using (process)
        {
            var writing = WriteAsync(process, input, cancellationToken);
            using var output = new MemoryStream();
            await process.Output.CopyToAsync(output, cancellationToken);
            await writing;
            var end = await process.WaitAsync(cancellationToken);
            return new GitAnswer(end.Code, output.ToArray(), end.Error);
        }
    }

    private static async Task WriteAsync(ChildProcess process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await process.Input.WriteAsync(input, cancellationToken);
            process.Input.Close();
        }
        catch (IOException)
        {
            // It ended before it read everything; its exit code says why.
        }
    }
}
