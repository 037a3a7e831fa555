using Xunit;

namespace Ringfence.Acceptance;

/// <summary>The description of the API that is committed is the one that is served, and that is made from what is routed.</summary>
public sealed class The_openapi_document
{
    [Fact(Timeout = Patience)]
    public async Task Is_the_committed_one()
    {
        await using var ringfence = await RunningRingfence.StartAsync(null);
        await using var server = await RunningServer.StartAsync(ringfence);
        var file = Path.Combine(Checkout.Root, "docs", "openapi.json");
        var served = (await server.GetAsync("/openapi/v1.json")).Text;

        if (Environment.GetEnvironmentVariable("RINGFENCE_WRITE_SNAPSHOTS") is not null)
        {
            await File.WriteAllTextAsync(file, served, TestContext.Current.CancellationToken);
        }

        Assert.True(served == await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            "docs/openapi.json is not what is served. If the change is meant: RINGFENCE_WRITE_SNAPSHOTS=1, this test, and look at the difference.");
    }
}
