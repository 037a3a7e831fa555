using Ringfence.AgentSdk;

namespace AgentSdk.Samples;

/// <summary>Methods of this program as tools: the schema comes from the parameters, an exception becomes a tool error that the model can deal with.</summary>
internal static class OwnTools
{
    public static async Task RunAsync(AgentOptions agent, CancellationToken cancellationToken)
    {
        var stock = new Dictionary<string, int> { ["posts"] = 12, ["wire"] = 0 };

        var options = agent with
        {
            Tools = new Dictionary<string, IReadOnlyList<AgentTool>>
            {
                ["shop"] =
                [
                    AgentTool.From("stock", "How many pieces of an article there are", (string article) => stock[article]),
                    AgentTool.From("order", "Orders pieces of an article", (string article, int pieces = 1) => $"ordered {pieces} {article}"),
                ],
            },
            AllowedTools = ["mcp__shop__stock", "mcp__shop__order"],
        };

        await foreach (var message in CodingAgent.QueryAsync("Order whatever is out of stock", options, cancellationToken))
        {
            if (message is AgentMessage.Result result)
            {
                Console.WriteLine(result.Text);
            }
        }
    }
}
