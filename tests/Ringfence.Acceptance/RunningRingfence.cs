using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>
/// An installation of its own: an empty home, a simulated model that plays a script as the provider, and one git repository. The provider is set as users
/// set it, by address and key in the environment.
/// </summary>
internal sealed class RunningRingfence : IAsyncDisposable
{
    public const string Key = "sk-ant-this-key-must-stay-outside";

    private static readonly HttpClient Http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly string folder;
    private readonly Cli? model;
    private readonly string? modelAddress;

    private RunningRingfence(string folder, Cli? model, string? modelAddress)
    {
        this.folder = folder;
        this.model = model;
        this.modelAddress = modelAddress;
        Home = Path.Combine(folder, "home");
        Repository = Path.Combine(folder, "repository");
        Environment = new()
        {
            ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")!,
            ["HOME"] = Path.Combine(folder, "user"),
            ["TMPDIR"] = Path.Combine(folder, "tmp"),
            ["RINGFENCE_HOME"] = Home,
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_AUTHOR_NAME"] = "A User",
            ["GIT_AUTHOR_EMAIL"] = "user@example.com",
            ["GIT_COMMITTER_NAME"] = "A User",
            ["GIT_COMMITTER_EMAIL"] = "user@example.com",
        };

        if (modelAddress is not null)
        {
            Environment["ANTHROPIC_BASE_URL"] = modelAddress;
            Environment["ANTHROPIC_API_KEY"] = Key;
        }
    }

    public string Home { get; }

    public string Repository { get; }

    /// <summary>Where the simulated model listens; null when there is none.</summary>
    public string? ModelAddress => modelAddress;

    /// <summary>The user's temporary folder, to see what is left in it.</summary>
    public string Temporary => Environment["TMPDIR"];

    public Dictionary<string, string> Environment { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="script">For the simulated model; null starts none.</param>
    public static async Task<RunningRingfence> StartAsync(string? script)
    {
        var folder = Directory.CreateTempSubdirectory("rfacc").FullName;

        foreach (var name in (string[])["home", "repository", "user", "tmp"])
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        if (script is null)
        {
            return new RunningRingfence(folder, null, null);
        }

        var file = Path.Combine(folder, "script.yaml");
        await File.WriteAllTextAsync(file, script, Cancel);
        var (model, address) = await StartModelAsync(file);

        return new RunningRingfence(folder, model, address);
    }

    /// <summary>Starts the command line; it runs until it ends or is disposed.</summary>
    public Cli Start(params string[] arguments) => Start("", arguments);

    /// <param name="input">What stands on standard input.</param>
    public Cli Start(string input, string[] arguments) => Cli.Start("dotnet", [Checkout.Ringfence, .. arguments], Repository, Environment, input);

    public Task<CliResult> CliAsync(params string[] arguments) => CliWithInputAsync("", arguments);

    public async Task<CliResult> CliWithInputAsync(string input, params string[] arguments)
    {
        await using var cli = Start(input, arguments);

        return await cli.EndsAsync(Cancel);
    }

    /// <summary>The one run that <c>ringfence runs</c> lists, as <c>--json</c> shows it.</summary>
    public async Task<JsonNode> OnlyRunAsync() => Assert.Single((await CliAsync("runs", "--json")).Lines.SelectMany(Values))!;

    public async Task<string> GitAsync(params string[] arguments)
    {
        await using var git = Cli.Start("git", arguments, Repository, Environment);
        var end = await git.EndsAsync(Cancel);
        Assert.True(end.ExitCode == 0, $"git {string.Join(' ', arguments)}: {end}");

        return end.Output;
    }

    /// <summary>Makes the repository with these files committed.</summary>
    public async Task CommitAsync(params (string Path, string Content)[] files)
    {
        await GitAsync("init", "-q", "-b", "main");

        foreach (var (path, content) in files)
        {
            Write(path, content);
        }

        await GitAsync("add", "-A");
        await GitAsync("commit", "-q", "--allow-empty", "-m", "start");
    }

    public void Write(string path, string content)
    {
        var file = Path.Combine(Repository, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);

        if (content.StartsWith("#!", StringComparison.Ordinal))
        {
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.UserExecute);
        }
    }

    public string Read(string path) => File.ReadAllText(Path.Combine(Repository, path));

    /// <summary>The model's own state: <c>finished</c>, <c>answers</c>, <c>mismatches</c>.</summary>
    public Task<JsonNode> ModelAsync() => GetAsync("/simulated");

    /// <summary>All requests that reached the model, with headers and bodies.</summary>
    public async Task<JsonArray> ModelRequestsAsync() => (await GetAsync("/simulated/requests"))["requests"]!.AsArray();

    /// <summary>Fails unless the model gave every turn and no request was other than its script demands.</summary>
    public async Task ScriptWasPlayedAsync()
    {
        var state = await ModelAsync();
        Assert.Empty(state["mismatches"]!.AsArray());
        Assert.True((bool)state["finished"]!, state.ToJsonString());
    }

    /// <summary>Processes anywhere on this machine whose command line contains the text.</summary>
    public static IReadOnlyList<string> ProcessesWith(string text) =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(entry => int.TryParse(Path.GetFileName(entry), out _))
            .Select(CommandLine).Where(line => line.Contains(text, StringComparison.Ordinal)),
    ];

    /// <summary>Returns when there is no such process: for those that a <c>kill -9</c> ended, which the kernel takes away when it gets round to it.</summary>
    public static Task NoneStaysAsync(string text) => UntilAsync(() => ProcessesWith(text).Count == 0, () => string.Join('\n', ProcessesWith(text)));

    public async ValueTask DisposeAsync()
    {
        if (model is not null)
        {
            await model.DisposeAsync();
        }

        await Tests.Waiting.DeleteAsync(folder);
    }

    private static IEnumerable<JsonNode?> Values(string line) => JsonNode.Parse(line) is JsonArray list ? list : [JsonNode.Parse(line)];

    private static async Task<(Cli Model, string Address)> StartModelAsync(string script)
    {
        // The model ends when its standard input does, so it cannot outlive these tests, however they end.
        var cli = Cli.Start(
            "dotnet", [Checkout.Model, "--script", script], "/",
            new Dictionary<string, string> { ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")! }, input: null);

        return (cli, (string)JsonNode.Parse(await cli.LineAsync(Cancel))!["address"]!);
    }

    private static string CommandLine(string entry)
    {
        try
        {
            return File.ReadAllText(Path.Combine(entry, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Http.GetStringAsync(new Uri(modelAddress + path), Cancel))!;
}
