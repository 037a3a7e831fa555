using System.Globalization;
using System.Security.Cryptography;
using Ringfence.Budgets;

namespace Ringfence.App.Cli;

/// <summary>Imported prices: a file in LiteLLM's format in the home folder, over the built-in table.</summary>
internal static class PriceFile
{
    public static string PathIn(string home) => Path.Combine(home, "prices.json");

    /// <summary>The table in force. A file that cannot be read whole stops the start: prices that are half known are not known.</summary>
    public static Result<PriceTable> Load(string home)
    {
        var path = PathIn(home);

        if (!File.Exists(path))
        {
            return PriceTable.Embedded;
        }

        var (models, failures) = Read(path, "imported", _ => true);

        return failures.Count > 0
            ? Result.Fail<PriceTable>(failures)
            : PriceTable.Embedded.With(new PriceTable(Version(path), DateOnly.FromDateTime(File.GetLastWriteTimeUtc(path)), models));
    }

    public static (IReadOnlyList<ModelPrice> Models, IReadOnlyList<Failure> Failures) Read(string path, string source, Func<string, bool> wanted)
    {
        try
        {
            return LiteLlmPrices.Parse(File.ReadAllBytes(path), source, wanted);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ([], [new Failure("bad_prices", $"{path} cannot be read: {exception.Message}")]);
        }
    }

    /// <summary>Names the content, so that a charge can be traced to the figures it was made with.</summary>
    public static string Version(string path)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))[..12];
        return string.Create(CultureInfo.InvariantCulture, $"{File.GetLastWriteTimeUtc(path):yyyy-MM-dd}-{digest}");
    }
}
