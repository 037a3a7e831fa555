using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Workflows;

/// <summary>The compiled form of a workflow: every default written out, so that two files that mean the same have the same digest.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = false)]
[JsonSerializable(typeof(Workflow))]
internal sealed partial class WorkflowJson : JsonSerializerContext;

public static class CompiledWorkflow
{
    private static readonly WorkflowJson Contract = new(new JsonSerializerOptions(WorkflowJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string Json(Workflow workflow) => JsonSerializer.Serialize(workflow, Contract.Workflow);

    /// <summary>SHA-256 of <see cref="Json"/>, lower-case hex: what every run of the workflow records.</summary>
    public static string Digest(Workflow workflow) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json(workflow))));
}
