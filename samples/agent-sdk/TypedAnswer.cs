using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ringfence.AgentSdk;

namespace AgentSdk.Samples;

/// <summary>An answer as a record instead of prose: the agent asks the model again until it matches the schema.</summary>
internal static class TypedAnswer
{
    private sealed record Risk(string File, string Why, int Severity);

    private sealed record Review(string Summary, Risk[] Risks);

    public static async Task RunAsync(AgentOptions agent, CancellationToken cancellationToken)
    {
        var type = (JsonTypeInfo<Review>)JsonSerializerOptions.Web.GetTypeInfo(typeof(Review));
        var review = await CodingAgent.AnswerAsync("Review this directory", type, agent with { AllowedTools = ["Read", "Grep", "Glob"] }, cancellationToken);

        Console.WriteLine(review.Summary);

        foreach (var risk in review.Risks.OrderByDescending(r => r.Severity))
        {
            Console.WriteLine($"{risk.Severity} {risk.File}: {risk.Why}");
        }
    }
}
