using System.Diagnostics;

namespace Ringfence.Agent.Tools;

/// <summary>
/// Walls around commands: they see the system's programs and the working directories at their usual paths, write nowhere else, and reach no host but
/// those that the user's settings name. Whoever starts the agent says which program makes them; it takes the arguments of <c>ringfence sandbox</c>.
/// </summary>
internal sealed class CommandSandbox(IReadOnlyList<string> program, IReadOnlyList<string> hosts)
{
    /// <summary>Names the program in the environment, a word a line.</summary>
    public const string Variable = "RINGFENCE_SANDBOX";

    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(20);

    // What runs outside the walls the next time somebody uses git, an editor or an agent here.
    private static readonly string[] NotWritable = [".git/hooks", ".git/config", ".claude", ".mcp.json", ".vscode", ".idea", ".envrc", ".ringfence"];

    private readonly Lock once = new();
    private Task<string?>? trial;

    /// <summary>Which hosts commands reach, in words.</summary>
    public string Reach => hosts.Count == 0 ? "no network" : $"of the network only {string.Join(", ", hosts)}";

    public static CommandSandbox? Named(string? words, IReadOnlyList<string> hosts) =>
        words?.Split('\n', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } program ? new CommandSandbox(program, hosts) : null;

    /// <summary>Null when the walls stand; else why they cannot be had on this machine. Tried once, in earnest.</summary>
    public Task<string?> WhyNotAsync(Workplace work)
    {
        lock (once)
        {
            return trial ??= TryAsync(work);
        }
    }

    /// <summary>The words that go before a command.</summary>
    public IReadOnlyList<string> Before(Workplace work, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var words = new List<string>(program);

        foreach (var host in hosts)
        {
            words.AddRange(["--allow", host]);
        }

        foreach (var (name, value) in environment)
        {
            words.AddRange(["--env", $"{name}={value}"]);
        }

        foreach (var mount in Mounts(work))
        {
            words.AddRange(["--mount", mount]);
        }

        words.Add("--");
        return words;
    }

    private static IEnumerable<string> Mounts(Workplace work)
    {
        // Within a repository the whole of it is seen, so that git finds no file missing, but only the working directory can be written.
        var top = Repository(work.Root);

        if (top is not null && top != work.Root)
        {
            yield return top;
            yield return $"{top}/.git:{top}/.git:rw";
        }

        foreach (var directory in work.AdditionalDirectories.Prepend(work.Root).Append(work.Scratch))
        {
            yield return $"{directory}:{directory}:rw";
        }

        foreach (var path in NotWritable.Select(name => Path.Combine(name.StartsWith(".git/", StringComparison.Ordinal) ? top ?? work.Root : work.Root, name)).Where(Path.Exists))
        {
            yield return path;
        }
    }

    private static string? Repository(string directory)
    {
        for (var folder = directory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.Exists(Path.Combine(folder, ".git")))
            {
                return folder;
            }
        }

        return null;
    }

    private async Task<string?> TryAsync(Workplace work)
    {
        Directory.CreateDirectory(work.Scratch);
        var words = Before(work, []);
        var start = new ProcessStartInfo(words[0], [.. words.Skip(1), "true"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var late = new CancellationTokenSource(LongestTrial, work.Time);

        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();

            try
            {
                var said = process.StandardError.ReadToEndAsync(late.Token);
                await process.StandardOutput.ReadToEndAsync(late.Token);
                await process.WaitForExitAsync(late.Token);
                return process.ExitCode == 0 ? null : (await said).Trim() is { Length: > 0 } reason ? reason : $"exit code {process.ExitCode}";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return $"it did not start within {LongestTrial.TotalSeconds:0} s";
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
