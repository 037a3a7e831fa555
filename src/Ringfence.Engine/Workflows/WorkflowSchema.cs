using System.Text.Encodings.Web;
using System.Text.Json;
using Ringfence.Documents;

namespace Ringfence.Workflows;

/// <summary>The JSON Schema of workflow files, from the table that the reader reads by.</summary>
public static class WorkflowSchema
{
    public static string Json { get; } = JsonSchema.Of("Ringfence workflow", WorkflowKeys.Root).ToJsonString(
        new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
