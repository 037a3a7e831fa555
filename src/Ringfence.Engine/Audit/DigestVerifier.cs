using System.Data.Common;
using System.Security.Cryptography;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>Something that a digest says and the record does not.</summary>
/// <param name="Run">Null when it is about the digests themselves.</param>
public sealed record DigestProblem(long Digest, RunId? Run, string Message);

/// <summary>
/// Holds the record against signed digests: the store's own, and copies kept elsewhere, which is where they prove most: somebody who owns the store
/// and the key can make both anew, but not a copy that is out of reach.
/// </summary>
public sealed class DigestVerifier(Database database)
{
    /// <summary>Checks signatures, roots and the order of the store's digests, then every head against the record.</summary>
    public async Task<IReadOnlyList<DigestProblem>> VerifyStoreAsync(CancellationToken cancellationToken)
    {
        var problems = new List<DigestProblem>();
        var previous = "";
        var expected = 1L;

        foreach (var digest in await ReadAllAsync(cancellationToken))
        {
            if (digest.Statement.Number != expected || digest.Statement.Previous != previous)
            {
                problems.Add(new(digest.Statement.Number, null, $"Digest {digest.Statement.Number} does not follow the one before it."));
            }

            if (digest.Problem() is { } problem)
            {
                problems.Add(new(digest.Statement.Number, null, $"Digest {digest.Statement.Number}: {problem}."));
            }

            previous = Convert.ToHexStringLower(SHA256.HashData(digest.Statement.ToBytes()));
            expected = digest.Statement.Number + 1;
        }

        var broken = await database.QueryAsync(
            """
            select h.digest, h.run, h.events
              from digest_heads h left join chains c on c.run = h.run left join events e on e.chain = c.number and e.seq = h.events - 1
             where e.hash is null or e.hash <> h.head
             order by h.digest, h.run
            """,
            row => Broken(row.GetInt64(0), new RunId(row.GetString(1)), row.GetInt64(2)), cancellationToken);

        return [.. problems, .. broken];
    }

    /// <summary>Checks a copy: one line per digest, as <see cref="SignedDigest.ToLine"/> wrote it.</summary>
    /// <param name="publicKey">The key that is trusted; null takes the copy's word for it.</param>
    public async Task<IReadOnlyList<DigestProblem>> VerifyCopyAsync(IEnumerable<string> lines, string? publicKey, CancellationToken cancellationToken)
    {
        var problems = new List<DigestProblem>();

        foreach (var (line, number) in lines.Where(line => line.Length > 0).Select((line, i) => (line, i + 1)))
        {
            if (SignedDigest.TryParse(line) is not { } digest)
            {
                problems.Add(new(number, null, $"Line {number} is not a digest."));
                continue;
            }

            if (digest.Problem() is { } problem)
            {
                problems.Add(new(digest.Statement.Number, null, $"Digest {digest.Statement.Number}: {problem}."));
                continue;
            }

            if (publicKey is not null && digest.Key != publicKey)
            {
                problems.Add(new(digest.Statement.Number, null, $"Digest {digest.Statement.Number} was signed by another key."));
                continue;
            }

            foreach (var head in digest.Heads)
            {
                var hash = await database.QuerySingleAsync(
                    "select e.hash from chains c join events e on e.chain = c.number and e.seq = @seq where c.run = @run",
                    row => Convert.ToHexStringLower(row.GetFieldValue<byte[]>(0)), cancellationToken, ("run", head.Run), ("seq", head.Events - 1));

                if (hash != head.Hash)
                {
                    problems.Add(Broken(digest.Statement.Number, head.Run, head.Events));
                }
            }
        }

        return problems;
    }

    internal static DigestStatement ReadStatement(DbDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetInt64(4));

    private static DigestProblem Broken(long digest, RunId run, long events) =>
        new(digest, run, $"Run {run} had {events} events when digest {digest} was signed; the record does not have them any more as they were.");

    private async Task<IReadOnlyList<SignedDigest>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var heads = (await database.QueryAsync(
            "select digest, run, events, head from digest_heads order by digest, run",
            row => (Digest: row.GetInt64(0), Head: new RunHead(new RunId(row.GetString(1)), row.GetInt64(2), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(3)))),
            cancellationToken)).ToLookup(row => row.Digest, row => row.Head);

        return await database.QueryAsync(
            "select number, at_us, previous, root, runs, key, signature from digests order by number",
            row => new SignedDigest(
                ReadStatement(row), [.. heads[row.GetInt64(0)].OrderBy(head => head.Run.Value, StringComparer.Ordinal)], row.GetString(5),
                Convert.ToBase64String(row.GetFieldValue<byte[]>(6))),
            cancellationToken);
    }
}
