using Ringfence.Sandboxes;

namespace Ringfence.App.Api;

/// <summary>The three names that clients of hosted systems use for models.</summary>
internal static class ModelAlias
{
    public static string? Resolve(string? model) => model switch
    {
        "sonnet" => "claude-sonnet-5-5",
        "opus" => "claude-opus-5-5",
        "haiku" => "claude-haiku-5-5",
        _ => model,
    };
}

/// <summary>Sizes of sandboxes, as the hosted system named them.</summary>
internal static class SizeName
{
    public static SandboxLimits Limits(string? size) => size switch
    {
        "s" => Of(1, 2, 5),
        "m" => Of(2, 4, 10),
        "l" => Of(4, 8, 20),
        _ => new SandboxLimits(),
    };

    private static SandboxLimits Of(int cores, int memory, int disk) =>
        new() { MilliCores = cores * 1000, MemoryBytes = (long)memory << 30, DiskBytes = (long)disk << 30 };
}
