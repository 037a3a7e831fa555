using System.Text;
using Ringfence.Audit;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Sandboxes;

/// <summary>One sandbox from start to end, and what became of it: the way most tests here look at a wall.</summary>
internal sealed record Trial(SandboxExit Exit, string Output, string Error, IReadOnlyList<AuditFact> Facts, IReadOnlyList<string> Isolation)
{
    /// <summary>The launcher that the build made, beside the sources.</summary>
    public static string Native { get; } = FindNative();

    public IEnumerable<CommandStarted> Commands => Facts.OfType<CommandStarted>();

    public IEnumerable<CommandFinished> Ends => Facts.OfType<CommandFinished>();

    public static SandboxSpec Shell(string script) => new()
    {
        Command = ["/bin/bash", "-c", script],
        Environment = new Dictionary<string, string> { ["PATH"] = "/usr/local/bin:/usr/bin:/bin", ["HOME"] = SandboxPaths.Home },
    };

    public static Task<Trial> RunAsync(string script, string? input = null) => RunAsync(Shell(script), input);

    public static async Task<Trial> RunAsync(SandboxSpec spec, string? input = null)
    {
        using var folder = new TrialFolder();
        var recorder = new FactRecorder();
        var started = await Launcher(folder).StartAsync(spec, "trial", recorder, TestContext.Current.CancellationToken);
        Assert.True(started.Succeeded(out var sandbox), string.Join("; ", started.Failures));

        await using (sandbox)
        {
            var output = ReadAsync(sandbox.StandardOutput);
            var error = ReadAsync(sandbox.StandardError);

            if (input is not null)
            {
                await sandbox.StandardInput.WriteAsync(Encoding.UTF8.GetBytes(input), TestContext.Current.CancellationToken);
            }

            await sandbox.StandardInput.DisposeAsync();
            var exit = await sandbox.Completion;
            return new Trial(exit, await output, await error, recorder.Facts, sandbox.Isolation);
        }
    }

    /// <summary>On a terminal both streams are one, and its end is an error of the device.</summary>
    public static async Task<Trial> RunTerminalAsync(SandboxSpec spec)
    {
        using var folder = new TrialFolder();
        var recorder = new FactRecorder();
        var started = await Launcher(folder).StartAsync(spec, "trial", recorder, TestContext.Current.CancellationToken);
        Assert.True(started.Succeeded(out var sandbox), string.Join("; ", started.Failures));

        await using (sandbox)
        {
            var output = await ReadAsync(sandbox.StandardOutput);
            return new Trial(await sandbox.Completion, output, "", recorder.Facts, sandbox.Isolation);
        }
    }

    public static SandboxLauncher Launcher(TrialFolder folder) => new(Native, folder.Below("scratch"), TimeProvider.System);

    public static async Task<string> ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private static string FindNative()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var native = Path.Combine(folder, "artifacts", "native", "rf-sandbox");

            if (File.Exists(native))
            {
                return native;
            }
        }

        throw new FileNotFoundException("Build the solution first: artifacts/native/rf-sandbox is missing.");
    }
}

internal sealed class TrialFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rf-sandbox-test-").FullName;

    public string Below(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    // The overlay's own folders have no permissions, and an agent may leave such folders too.
    public void Dispose() => Workspaces.Shell.Run("/", "chmod -R u+rwX -- \"$0\" 2>/dev/null; rm -rf -- \"$0\"", Path);
}

/// <summary>Keeps facts in memory, in order.</summary>
internal sealed class FactRecorder : IRecorder
{
    private readonly Lock gate = new();
    private readonly List<AuditFact> facts = [];

    public IReadOnlyList<AuditFact> Facts
    {
        get
        {
            lock (gate)
            {
                return [.. facts];
            }
        }
    }

    public long Append(AuditFact fact)
    {
        lock (gate)
        {
            facts.Add(fact);
            return facts.Count;
        }
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public string Keep(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
}
