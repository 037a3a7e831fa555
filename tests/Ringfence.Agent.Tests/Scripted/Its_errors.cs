using System.Diagnostics;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Scripted;

public sealed class Its_errors
{
    [Fact]
    public async Task Stand_in_a_file_beside_what_others_wrote_there()
    {
        await using var agent = await AgentProcess.WithModelAsync("turns: [{ text: Hello. }]");
        var line = $"{{ echo before >&2; dotnet '{AgentProcess.Executable}' -p x --max-turns none; echo after >&2; }} 2> log";
        using var shell = Process.Start(agent.Prepare("sh", ["-c", line]))!;
        await AgentProcess.FinishAsync(shell, "");

        var log = agent.Read("log");
        Assert.StartsWith("before\n", log, StringComparison.Ordinal);
        Assert.Contains("--max-turns", log, StringComparison.Ordinal);
        Assert.EndsWith("\nafter\n", log, StringComparison.Ordinal);
    }
}
