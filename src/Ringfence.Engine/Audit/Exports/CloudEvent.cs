using System.Globalization;
using System.Text.Json.Nodes;

namespace Ringfence.Audit;

/// <summary>An event as CloudEvents 1.0 in structured mode.</summary>
internal static class CloudEvent
{
    public static string Line(AuditEvent happened) => new JsonObject
    {
        ["specversion"] = "1.0",
        ["id"] = $"{happened.Run}/{happened.Seq}",
        ["source"] = $"urn:ringfence:run:{happened.Run}",
        ["type"] = $"ringfence.{happened.Type}",
        ["subject"] = happened.Run.Value,
        ["time"] = happened.At.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture),
        ["datacontenttype"] = "application/json",
        ["sequence"] = happened.Seq.ToString("D20", CultureInfo.InvariantCulture),
        ["trust"] = happened.Trust.ToString().ToLowerInvariant(),
        ["data"] = JsonNode.Parse(happened.Data.GetRawText()),
    }.ToJsonString();
}
