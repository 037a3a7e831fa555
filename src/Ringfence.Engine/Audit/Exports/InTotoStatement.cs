using System.Text.Json.Nodes;
using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>
/// An in-toto statement for each commit that a run published: SLSA provenance 1, with the run as the invocation and the head of its chain as a
/// by-product, which ties the commit to the record.
/// </summary>
internal static class InTotoStatement
{
    public static IEnumerable<string> Lines(RunId run, IReadOnlyList<AuditEvent> events)
    {
        var facts = events.Select(happened => happened.Fact).ToList();
        var requested = facts.OfType<RunRequested>().FirstOrDefault();
        var started = facts.OfType<RunStarted>().LastOrDefault();

        foreach (var commit in facts.OfType<CommitCreated>())
        {
            yield return new JsonObject
            {
                ["_type"] = "https://in-toto.io/Statement/v1",
                ["subject"] = new JsonArray(new JsonObject
                {
                    ["name"] = $"commit {commit.Commit}",
                    ["digest"] = new JsonObject { ["gitCommit"] = commit.Commit, ["gitTree"] = commit.Tree },
                }),
                ["predicateType"] = "https://slsa.dev/provenance/v1",
                ["predicate"] = new JsonObject
                {
                    ["buildDefinition"] = new JsonObject
                    {
                        ["buildType"] = "urn:ringfence:run:v1",
                        ["externalParameters"] = new JsonObject
                        {
                            ["repository"] = requested?.Repository,
                            ["ref"] = requested?.Ref,
                            ["agent"] = requested?.Agent,
                            ["model"] = requested?.Model,
                            ["requestedBy"] = requested?.RequestedBy,
                            ["promptDigest"] = requested?.PromptDigest,
                        },
                        ["internalParameters"] = new JsonObject
                        {
                            ["agentVersion"] = started?.AgentVersion,
                            ["policyDigest"] = started?.PolicyDigest,
                            ["isolation"] = Strings(started?.Isolation ?? []),
                        },
                        ["resolvedDependencies"] = new JsonArray([.. commit.Parents.Select(parent => new JsonObject
                        {
                            ["uri"] = requested?.Repository,
                            ["digest"] = new JsonObject { ["gitCommit"] = parent },
                        })]),
                    },
                    ["runDetails"] = new JsonObject
                    {
                        ["builder"] = new JsonObject { ["id"] = "urn:ringfence" },
                        ["metadata"] = new JsonObject
                        {
                            ["invocationId"] = run.Value,
                            ["startedOn"] = events[0].At.ToString("O"),
                            ["finishedOn"] = events[^1].At.ToString("O"),
                        },
                        ["byproducts"] = new JsonArray(
                        [
                            .. facts.OfType<VerificationFinished>().Where(check => check.Tree == commit.Tree).Select(check => new JsonObject
                            {
                                ["name"] = $"check: {check.Command}",
                                ["annotations"] = new JsonObject { ["passed"] = check.Passed, ["exitCode"] = check.ExitCode },
                            }),
                        ]),
                    },
                },
            }.ToJsonString();
        }
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
