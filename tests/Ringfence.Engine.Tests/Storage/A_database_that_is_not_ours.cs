using Ringfence.Storage;
using Xunit;

namespace Ringfence.Tests.Storage;

public sealed class A_database_that_is_not_ours : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("rfforeign").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    private async Task<string> CodeAsync(string? url = null)
    {
        var opened = await Database.OpenAsync(url, home, TimeProvider.System, TestContext.Current.CancellationToken);

        if (opened.Succeeded(out var database))
        {
            await database.DisposeAsync();
            return "opened";
        }

        return opened.Failures[0].Code;
    }

    private async Task ChangeAsync(string sql)
    {
        await using var database = (await Database.OpenAsync(null, home, TimeProvider.System, TestContext.Current.CancellationToken)).Value;
        await database.ExecuteAsync(sql, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Is_refused_when_it_is_no_database()
    {
        await File.WriteAllTextAsync(Path.Combine(home, "ringfence.db"), new string('x', 5000), TestContext.Current.CancellationToken);
        Assert.Equal("database_corrupt", await CodeAsync());
    }

    [Fact]
    public async Task Is_refused_when_another_program_made_it()
    {
        await ChangeAsync("pragma application_id = 7");
        Assert.Equal("database_foreign", await CodeAsync());
    }

    [Fact]
    public async Task Is_refused_when_a_newer_program_made_it()
    {
        await ChangeAsync("pragma user_version = 9999");
        Assert.Equal("database_newer", await CodeAsync());
    }

    [Fact]
    public async Task Is_refused_when_a_step_before_its_version_was_never_made()
    {
        await ChangeAsync("delete from ringfence_migrations where number = 5");
        Assert.Equal("database_skipped", await CodeAsync());
    }

    [Fact]
    public async Task Is_ours_when_it_says_only_its_version_as_older_ones_do()
    {
        await ChangeAsync("drop table ringfence_migrations");
        Assert.Equal("opened", await CodeAsync());
    }

    [Fact]
    public async Task Is_refused_when_its_header_is_damaged()
    {
        Assert.Equal("opened", await CodeAsync());

        await using (var file = File.Open(Path.Combine(home, "ringfence.db"), FileMode.Open))
        {
            file.SetLength(4096);
        }

        Assert.Equal("database_corrupt", await CodeAsync());
    }

    [Theory]
    [InlineData("mysql://x/y", "database_url")]
    [InlineData("nonsense", "database_url")]
    [InlineData("postgres://u:hunter2@127.0.0.1:1/none", "database_unavailable")]
    [InlineData("postgres://u@127.0.0.1/none?nonsense=1", "database_url")]
    public async Task Is_refused_when_its_address_leads_nowhere_and_no_message_holds_the_password(string url, string code)
    {
        var failure = (await Database.OpenAsync(url, home, TimeProvider.System, TestContext.Current.CancellationToken)).Failures[0];

        Assert.Equal(code, failure.Code);
        Assert.DoesNotContain("hunter2", failure.ToString(), StringComparison.Ordinal);
    }
}
