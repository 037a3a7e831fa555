using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Model;

namespace Ringfence.Tests.Support;

/// <summary>The real program in a directory and a home of its own, with a simulated model as its only provider.</summary>
public sealed class AgentProcess : IAsyncDisposable
{
    private readonly string scratch;

    private AgentProcess(string scratch, SimulatedModel model)
    {
        (this.scratch, Model) = (scratch, model);
        Workspace = Directory.CreateDirectory(Path.Combine(scratch, "workspace")).FullName;
        Home = Directory.CreateDirectory(Path.Combine(scratch, "home")).FullName;
    }

    public SimulatedModel Model { get; }

    public string Workspace { get; }

    public string Home { get; }

    // Where it was built, not beside the tests: those have a web framework, and with it other libraries than the agent brings.
    public static string Executable { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory.Replace("/tests/Ringfence.Agent.Tests/", "/src/Ringfence.Agent/", StringComparison.Ordinal), "ringfence-agent.dll"));

    public Dictionary<string, string> Environment { get; } = [];

    public static Task<AgentProcess> WithModelAsync(string script) => WithModelAsync(_ => script);

    /// <param name="script">Makes the model's script for the directory that will be worked in.</param>
    public static async Task<AgentProcess> WithModelAsync(Func<string, string> script)
    {
        var scratch = Directory.CreateTempSubdirectory("ringfence-agent-test-").FullName;
        return new(scratch, await SimulatedModel.StartAsync(script(Path.Combine(scratch, "workspace"))));
    }

    public string Write(string name, string content)
    {
        var path = Path.Combine(Workspace, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public string Read(string name) => File.ReadAllText(Path.Combine(Workspace, name));

    public Task<AgentRun> RunAsync(params string[] arguments) => RunAsync("", arguments);

    public async Task<AgentRun> RunAsync(string input, string[] arguments)
    {
        using var process = Process.Start(Prepare("dotnet", [Executable, .. arguments]))!;
        return await FinishAsync(process, input);
    }

    /// <summary>Events one by one, as they are printed.</summary>
    public ProcessStartInfo Prepare(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Workspace, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };

        start.Environment.Clear();

        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "",
            ["HOME"] = Home,
            ["TMPDIR"] = Directory.CreateDirectory(Path.Combine(scratch, "tmp")).FullName,
            ["IS_SANDBOX"] = "1",
            ["ANTHROPIC_BASE_URL"] = Model.Address,
            ["ANTHROPIC_API_KEY"] = "test-key",
            ["ANTHROPIC_MODEL"] = "simulated-model",
            ["MCP_TIMEOUT"] = $"{Waiting.Patience}", // for servers that begin, however slow the machine is
            ["DOTNET_ROOT"] = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(typeof(object).Assembly.Location.TrimEnd('/'))!)!)! + "/..",
        }.Concat(Environment))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    public static async Task<AgentRun> FinishAsync(Process process, string input)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();

        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended without reading.
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new AgentRun(process.ExitCode, await output, await error);
    }

    public async ValueTask DisposeAsync()
    {
        await Model.DisposeAsync();
        await Waiting.DeleteAsync(scratch);
    }
}

public sealed record AgentRun(int ExitCode, string Output, string Error)
{
    /// <summary>For messages of failed assertions: everything there is to know.</summary>
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";

    public IReadOnlyList<JsonObject> Events =>
        [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!.AsObject())];

    public JsonObject Result => OfType("result").ToList() is [var only] ? only : throw new InvalidOperationException($"There is not one result. {this}");

    public IEnumerable<JsonObject> OfType(string type, string? subtype = null) =>
        Events.Where(e => (string?)e["type"] == type && (subtype is null || (string?)e["subtype"] == subtype));
}
