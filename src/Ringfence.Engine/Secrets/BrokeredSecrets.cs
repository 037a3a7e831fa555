namespace Ringfence.Secrets;

/// <summary>The secrets of one run, with their values. Lives in the supervisor only.</summary>
public sealed class BrokeredSecrets
{
    public static BrokeredSecrets None { get; } = new();
}
