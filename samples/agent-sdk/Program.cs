using AgentSdk.Samples;
using Ringfence.AgentSdk;

var samples = new Dictionary<string, Func<AgentOptions, CancellationToken, Task>>
{
    ["one-prompt"] = OnePrompt.RunAsync,
    ["permissions"] = Permissions.RunAsync,
    ["own-tools"] = OwnTools.RunAsync,
    ["conversation"] = Conversation.RunAsync,
    ["typed-answer"] = TypedAnswer.RunAsync,
};

if (args is not [var name] || !samples.TryGetValue(name, out var sample))
{
    Console.Error.WriteLine($"Which sample? {string.Join(", ", samples.Keys)}\nExample: dotnet run --project samples/agent-sdk -- one-prompt");
    return 2;
}

// Ctrl-C ends the agent and everything that it started.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    stop.Cancel();
};

try
{
    await sample(new AgentOptions { Command = [Environment.GetEnvironmentVariable("AGENT") ?? "ringfence-agent"] }, stop.Token);
    return 0;
}
catch (AgentException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (OperationCanceledException)
{
    return 130;
}
