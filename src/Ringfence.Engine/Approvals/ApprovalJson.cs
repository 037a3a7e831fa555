using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Approvals;

/// <summary>How approvals are kept. Changing a name here breaks old rows: add, never rename.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApprovalSubject))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalNeed>))]
[JsonSerializable(typeof(LinkPayload))]
internal sealed partial class ApprovalJson : JsonSerializerContext;

/// <summary>The bytes that a person is shown and that the digest is over.</summary>
internal static class Shown
{
    // Readable as it is: what a person compares must not be hidden behind escapes.
    private static readonly ApprovalJson Contract = new(new JsonSerializerOptions(ApprovalJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string Of(ApprovalSubject subject) => JsonSerializer.Serialize(subject, Contract.ApprovalSubject);

    public static string Digest(string shown) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(shown)));
}
