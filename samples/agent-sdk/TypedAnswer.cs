using System.Text.Json;
using System.Text.Json.Schema;
using Ringfence.AgentSdk;

namespace AgentSdk.Samples;

/// <summary>An answer as a record instead of prose: the agent asks the model again until it matches the schema.</summary>
internal static class TypedAnswer
{
    private static readonly JsonSerializerOptions Web = JsonSerializerOptions.Web;

    private sealed record Risk(string File, string Why, int Severity);

    private sealed record Review(string Summary, Risk[] Risks);

    public static async Task RunAsync(AgentOptions agent, CancellationToken cancellationToken)
    {
        var schema = Web.GetJsonSchemaAsNode(typeof(Review), new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true }).AsObject();

        var result = await CodingAgent
            .QueryAsync("Review this directory", agent with { OutputSchema = schema, AllowedTools = ["Read", "Grep", "Glob"] }, cancellationToken)
            .OfType<AgentMessage.Result>().SingleAsync(cancellationToken);

        if (result.StructuredOutput.Deserialize<Review>(Web) is not { } review)
        {
            throw new AgentException($"No review: {result.Subtype} {string.Join(' ', result.Errors)}");
        }

        Console.WriteLine(review.Summary);

        foreach (var risk in review.Risks.OrderByDescending(r => r.Severity))
        {
            Console.WriteLine($"{risk.Severity} {risk.File}: {risk.Why}");
        }
    }
}
