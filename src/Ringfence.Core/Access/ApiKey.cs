using System.Text.Json.Serialization;

namespace Ringfence.Access;

/// <summary>What a key's owner may do. Each role may do what the ones before it may.</summary>
[JsonConverter(typeof(SnakeCaseEnum<Role>))]
public enum Role
{
    /// <summary>Read runs, records and spend.</summary>
    Viewer,

    /// <summary>Start and cancel runs.</summary>
    Runner,

    /// <summary>Decide on what waits for a person.</summary>
    Approver,

    /// <summary>Keys, budgets, the kill switch.</summary>
    Admin,
}

/// <summary>A key as it is listed: everything but the key.</summary>
public sealed record ApiKey(string Id, string Name, Role Role, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt)
{
    /// <summary>How the owner appears in records.</summary>
    public string Principal => $"key:{Name}";
}
