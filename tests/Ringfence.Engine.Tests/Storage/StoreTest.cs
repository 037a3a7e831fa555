using Ringfence.Storage;
using Xunit;

[assembly: AssemblyFixture(typeof(Ringfence.Tests.Storage.PostgresCluster))]

namespace Ringfence.Tests.Storage;

/// <summary>
/// A promise about the store, kept on both databases: derive an abstract class with the facts, and from it one class for each database
/// (<see cref="StoreTest.OpenAsync"/> opens a fresh one).
/// </summary>
public abstract class StoreTest(PostgresCluster? postgres) : IAsyncDisposable
{
    private readonly List<Database> opened = [];
    private string? url;

    /// <summary>The home folder; on SQLite also the database.</summary>
    protected string Home { get; } = Directory.CreateTempSubdirectory("rfstore").FullName;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected bool IsSqlite => postgres is null;

    /// <summary>Address for <see cref="Database.OpenAsync"/>: null for SQLite.</summary>
    protected async Task<string?> UrlAsync()
    {
        if (postgres is not null)
        {
            Assert.SkipWhen(postgres.Missing is not null, postgres.Missing ?? "");
            url ??= await postgres.NewDatabaseAsync();
        }

        return url;
    }

    /// <summary>Opens the test's database; asked again, a second handle on the same one.</summary>
    protected async Task<Database> OpenAsync(TimeProvider? time = null)
    {
        var result = await Database.OpenAsync(await UrlAsync(), Home, time ?? TimeProvider.System, Cancel);
        opened.Add(result.Value);
        return result.Value;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }

        await Waiting.DeleteAsync(Home);
        GC.SuppressFinalize(this);
    }
}
