using Ringfence.Gateway;

namespace Ringfence.App.Cli;

/// <summary>What every gateway of this installation shares: the ledger, the kill folder, the prices.</summary>
internal static class GatewaySetup
{
    public static Result<GatewayOptions> In(Home home, GatewayOptions options)
    {
        var prices = PriceFile.Load(home.Folder);

        return prices.Succeeded(out var table)
            ? options with { Database = home.Database, KillFolder = KillFolder(home.Folder), Prices = table }
            : Result.Fail<GatewayOptions>(prices.Failures);
    }

    /// <summary>A file in it stops what it is named after; see <see cref="GatewayOptions.KillFolder"/>.</summary>
    public static string KillFolder(string home) => Path.Combine(home, "kill");
}
