using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.Processes;

namespace Ringfence.App.Commands;

/// <summary>The simulated model as a process of its own, reached over HTTP as a provider is.</summary>
internal sealed class DemoModel : IAsyncDisposable
{
    private readonly ChildProcess process;

    private DemoModel(ChildProcess process, Uri address)
    {
        this.process = process;
        Address = address;
    }

    public Uri Address { get; }

    public static async Task<Result<DemoModel>> StartAsync(string script, CancellationToken cancellationToken)
    {
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "model", "ringfence-model.dll"));
        var environment = new Dictionary<string, string> { ["DOTNET_TieredPGO"] = "0" };

        if (!File.Exists(program))
        {
            return new Failure("demo_missing", $"The simulated model is not at {program}.", "The demo runs from a checkout of Ringfence: ./ringfence demo");
        }

        if (!ChildProcess.Start(new ChildCommand(Environment.ProcessPath!, [program, "--script", script], environment)).Succeeded(out var process, out var why))
        {
            return Result.Fail<DemoModel>(why);
        }

        using var output = new StreamReader(process.Output, leaveOpen: true);

        if (await output.ReadLineAsync(cancellationToken) is { } line && (string?)JsonNode.Parse(line)?["address"] is { } address)
        {
            return new DemoModel(process, new Uri(address));
        }

        await using (process)
        {
            return new Failure("demo_model", $"The simulated model did not start: {(await process.WaitAsync(cancellationToken)).Error.Trim()}");
        }
    }

    /// <summary>Null when every turn of the script was given; else where it stands.</summary>
    public async Task<string?> UnplayedAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Address };
        var state = JsonNode.Parse(await http.GetStringAsync(new Uri("/simulated", UriKind.Relative), cancellationToken))!;

        return (bool?)state["finished"] == true ? null : state.ToJsonString(new JsonSerializerOptions { WriteIndented = false });
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
