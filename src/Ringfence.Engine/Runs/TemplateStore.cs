using System.Data.Common;
using System.Security.Cryptography;
using Ringfence.Storage;

namespace Ringfence.Runs;

/// <param name="Slug">Its name, as requests write it.</param>
/// <param name="Body">JSON, as the API's contract has it.</param>
public sealed record RunTemplate(string Id, string Slug, string Body, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);

/// <summary>Templates by slug.</summary>
public sealed class TemplateStore(Database database, TimeProvider time)
{
    private const string Columns = "id, slug, body, created_us, changed_us";

    public Task<IReadOnlyList<RunTemplate>> ListAsync(CancellationToken cancellationToken) =>
        database.QueryAsync($"select {Columns} from templates order by slug", Read, cancellationToken);

    public Task<RunTemplate?> FindAsync(string slug, CancellationToken cancellationToken) =>
        database.QuerySingleAsync($"select {Columns} from templates where slug = @slug", Read, cancellationToken, ("slug", slug));

    /// <summary>Null when the slug is taken.</summary>
    public async Task<RunTemplate?> CreateAsync(string slug, string body, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "insert into templates (slug, id, body, created_us, changed_us) values (@slug, @id, @body, @now, @now) on conflict do nothing", cancellationToken,
            ("slug", slug), ("id", "tpl_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))), ("body", body), ("now", time.GetUtcNow())) == 1
            ? await FindAsync(slug, cancellationToken)
            : null;

    /// <summary>Null when there is none of that slug.</summary>
    public async Task<RunTemplate?> ChangeAsync(string slug, string body, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "update templates set body = @body, changed_us = @now where slug = @slug", cancellationToken,
            ("slug", slug), ("body", body), ("now", time.GetUtcNow())) == 1
            ? await FindAsync(slug, cancellationToken)
            : null;

    public async Task<bool> RemoveAsync(string slug, CancellationToken cancellationToken) =>
        await database.ExecuteAsync("delete from templates where slug = @slug", cancellationToken, ("slug", slug)) == 1;

    private static RunTemplate Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(3)),
        UnixTime.FromUnixTimeMicroseconds(row.GetInt64(4)));
}
