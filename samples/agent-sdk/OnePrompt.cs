using Ringfence.AgentSdk;

namespace AgentSdk.Samples;

/// <summary>One prompt with limits: what the agent says and does, as it happens, and what it has cost.</summary>
internal static class OnePrompt
{
    public static async Task RunAsync(AgentOptions agent, CancellationToken cancellationToken)
    {
        var options = agent with { PermissionMode = "acceptEdits", MaxTurns = 20, MaxBudgetUsd = 2 };

        await foreach (var message in CodingAgent.QueryAsync("Write a haiku about fences into haiku.txt", options, cancellationToken))
        {
            switch (message)
            {
                case AgentMessage.Assistant said:
                    foreach (var block in said.Content)
                    {
                        Console.WriteLine(block switch
                        {
                            ContentBlock.Text text => text.Value,
                            ContentBlock.ToolUse use => $"[{use.Name} {use.Input["file_path"] ?? use.Input["command"]}]",
                            _ => "",
                        });
                    }

                    break;

                case AgentMessage.Result result:
                    Console.WriteLine($"{result.Subtype} after {result.Turns} turns");
                    break;
            }
        }
    }
}
