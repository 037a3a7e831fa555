namespace Ringfence.Acceptance;

/// <summary>Where the programs under test are: the ones that set-up published, as a user starts them.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    public static string Ringfence { get; } = Program("ringfence", "ringfence.dll");

    public static string Model { get; } = Program("model", "ringfence-model.dll");

    private static string Program(string folder, string file) => Path.Combine(Root, "artifacts", folder, file);

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;

        while (!File.Exists(Path.Combine(folder, "Ringfence.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("These tests run from a checkout of Ringfence.");
        }

        return folder;
    }
}
