using System.Text.Json.Nodes;
using Ringfence.Approvals;
using Ringfence.Workflows;
using Xunit;

namespace Ringfence.Tests.Workflows;

/// <summary>Editors are told exactly the keys that the reader takes: both come from one table, and a key that only one of them knows is found here.</summary>
public sealed class The_schema_of_workflows
{
    [Fact]
    public void Has_every_key_that_the_reader_takes_and_no_other()
    {
        var schema = JsonNode.Parse(WorkflowSchema.Json)!.AsObject();
        var whole = (JsonObject)Sample(schema);

        // The reader itself throws when it asks for a key that its table has not, or leaves one of the table out.
        var read = WorkflowReader.Read(whole.ToJsonString(), "whole.yaml");

        Assert.DoesNotContain(read.Failures, failure => failure.Message.Contains("Unknown key", StringComparison.Ordinal));
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string?)schema["$schema"]);
        Assert.Contains("approve", schema["properties"]!.AsObject().Select(p => p.Key));
        Assert.Equal(10, (int?)schema["properties"]!["attempts"]!["maximum"]);
    }

    [Fact]
    public void Describes_every_key() => Assert.All(
        Descriptions(JsonNode.Parse(WorkflowSchema.Json)!), described => Assert.False(string.IsNullOrWhiteSpace(described.Text), described.Path));

    [Fact]
    public void Says_who_must_agree_short_and_long()
    {
        var workflow = WorkflowReader.Read(
            """
            prompt: |
              Go.

              ## Constraints
              Keep the signatures.
            limits: { cost: { run: $2, workflow_day: $20 } }
            context: { pin: [constraints] }
            approve:
              - plan
              - { kind: diff, count: 2, from: [security, "key:ann"], paths: "src/Auth/**", within: 24h }
              - { kind: budget, raise: $1 }
            notify: { slack: "#identity" }
            """, "x.yaml").Value;

        Assert.Equal(Money.FromDollars(20), workflow.Limits.CostPerDay);
        Assert.Equal(["constraints"], workflow.Pins);
        Assert.Equal("#identity", workflow.Slack);
        Assert.Equal([ApprovalKind.Plan, ApprovalKind.Diff, ApprovalKind.Budget], workflow.Approve.Select(rule => rule.Kind));
        Assert.Equal((2, TimeSpan.FromHours(24)), (workflow.Approve[1].Count, workflow.Approve[1].Within));
        Assert.Equal(Money.FromDollars(1), workflow.Approve[2].Raise);
    }

    [Theory]
    [InlineData("prompt: Go.\napprove: plan\n", "x.yaml:2:10")]
    [InlineData("prompt: Go.\napprove: [soup]\n", "x.yaml:2:11")]
    [InlineData("prompt: Go.\napprove:\n  - { count: 2 }\n", "x.yaml:3:5")]
    [InlineData("prompt: Go.\napprove:\n  - { kind: plan, paths: [a] }\n", "x.yaml:3:26")]
    [InlineData("prompt: Go.\napprove:\n  - { kind: diff, raise: $1 }\n", "x.yaml:3:26")]
    [InlineData("prompt: Go.\napprove:\n  - { kind: diff, within: 31d }\n", "x.yaml:3:27")]
    [InlineData("prompt: Go.\napprove:\n  - { kind: diff, count: 0 }\n", "x.yaml:3:26")]
    [InlineData("prompt: Go.\napprove: [[diff]]\n", "x.yaml:2:11")]
    [InlineData("prompt: Go.\ncontext: { pin: [constraints] }\n", "x.yaml:2:17")]
    [InlineData("prompt: Go.\nlimits: { cost: { run: $1, year: $5 } }\n", "x.yaml:2:28")]
    [InlineData("limits: {}\n", "x.yaml:1:1")]
    public void Tells_where_a_mistake_stands(string text, string place) =>
        Assert.Equal(place, string.Join(':', Assert.Single(WorkflowReader.Read(text, "x.yaml").Failures).Message.Split(':').Take(3)));

    private static JsonNode Sample(JsonNode schema) =>
        schema["anyOf"] is JsonArray either ? Sample(either[1]!)
        : schema["enum"] is JsonArray choices ? choices[0]!.DeepClone()
        : (schema["type"] as JsonValue)?.GetValue<string>() switch
        {
            "object" when schema["additionalProperties"] is JsonObject below => new JsonObject { ["x"] = Sample(below) },
            "boolean" => "true",
            "object" => new JsonObject(schema["properties"]!.AsObject().Select(p => KeyValuePair.Create(p.Key, (JsonNode?)Sample(p.Value!)))),
            "array" => new JsonArray(Sample(schema["items"]!)),
            "integer" => schema["minimum"]!.DeepClone(),
            _ => "x",
        };

    private static IEnumerable<(string Path, string? Text)> Descriptions(JsonNode schema) =>
        schema is JsonObject node && node["properties"] is JsonObject properties
            ? properties.SelectMany(p => Descriptions(p.Value!).Prepend((p.Value!.GetPath(), (string?)p.Value["description"])))
            : schema is JsonObject other ? other.Where(p => p.Key is "items" or "anyOf" || (p.Key is "additionalProperties" && p.Value is JsonObject)).SelectMany(p => Descriptions(p.Value!))
            : schema is JsonArray list ? list.SelectMany(item => Descriptions(item!)) : [];
}
