using System.Security.Cryptography;
using System.Text.Json;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Audit;

/// <summary>A signed statement with everything a verifier elsewhere needs but the key's good name.</summary>
/// <param name="Key">Public key, SubjectPublicKeyInfo in Base64.</param>
/// <param name="Signature">ECDSA P-256 over SHA-256 of the statement's bytes, in Base64.</param>
public sealed record SignedDigest(DigestStatement Statement, IReadOnlyList<RunHead> Heads, string Key, string Signature)
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Converters = { new RunIdConverter() } };

    /// <summary>One line of JSON: what is copied to where the operator has no hand.</summary>
    public string ToLine() => JsonSerializer.Serialize(this, Options);

    public static SignedDigest? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SignedDigest>(line, Options) is { Statement: not null, Heads: not null, Key: not null, Signature: not null } read
                ? read
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What is wrong with the statement in itself: signature, root, number of runs. Null when nothing is.</summary>
    public string? Problem()
    {
        byte[] signature;

        try
        {
            signature = Convert.FromBase64String(Signature);
        }
        catch (FormatException)
        {
            return "its signature cannot be read";
        }

        return !DigestKey.Verify(Key, Statement.ToBytes(), signature) ? "its signature is not valid"
            : Statement.Runs != Heads.Count || Statement.Root != RootOf(Heads) ? "its heads are not those that were signed"
            : null;
    }

    internal static string RootOf(IReadOnlyList<RunHead> heads) => Convert.ToHexStringLower(MerkleTree.Root([.. heads.Select(head => head.ToLeaf())]));

    private sealed class RunIdConverter : System.Text.Json.Serialization.JsonConverter<RunId>
    {
        public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}

/// <summary>Signs how far the record has come since the last time: also when nothing happened, so that silence is a statement too.</summary>
public sealed class DigestSigner(Database database, DigestKey key, TimeProvider time)
{
    public async Task<SignedDigest> SignAsync(CancellationToken cancellationToken)
    {
        var heads = await HeadsAsync(cancellationToken);
        var last = await database.QuerySingleAsync(
            "select number, at_us, previous, root, runs from digests order by number desc limit 1", DigestVerifier.ReadStatement, cancellationToken);

        var statement = new DigestStatement(
            (last?.Number ?? 0) + 1, time.NowMicroseconds(), last is null ? "" : Convert.ToHexStringLower(SHA256.HashData(last.ToBytes())),
            SignedDigest.RootOf([.. heads.Select(head => head.Head)]), heads.Count);
        var signature = key.Sign(statement.ToBytes());

        await StoreRecord.CommitAsync(
            database, new DigestSigned(statement.Root, heads.Count, key.PublicKey),
            transaction => StoreAsync(transaction, statement, heads, signature), cancellationToken);

        return new(statement, [.. heads.Select(head => head.Head)], key.PublicKey, Convert.ToBase64String(signature));
    }

    private async Task StoreAsync(DatabaseTransaction transaction, DigestStatement statement, IReadOnlyList<FoundHead> heads, byte[] signature)
    {
        await transaction.ExecuteAsync(
            "insert into digests (number, at_us, previous, root, runs, key, signature) values (@number, @at, @previous, @root, @runs, @key, @signature)",
            CancellationToken.None,
            ("number", statement.Number), ("at", statement.AtMicroseconds), ("previous", statement.Previous), ("root", statement.Root),
            ("runs", statement.Runs), ("key", key.PublicKey), ("signature", signature));

        await transaction.InsertAsync(
            "digest_heads", ["digest", "chain", "run", "events", "head", "ended"],
            heads,
            (row, found) =>
            {
                row.Integer(statement.Number);
                row.Integer(found.Chain);
                row.Text(found.Head.Run.Value);
                row.Integer(found.Head.Events);
                row.Bytes(Convert.FromHexString(found.Head.Hash));
                row.Integer(found.Ended);
            },
            CancellationToken.None);
    }

    /// <summary>Heads of the runs that grew since they were last vouched for, in the order of their ids.</summary>
    private async Task<IReadOnlyList<FoundHead>> HeadsAsync(CancellationToken cancellationToken)
    {
        var found = await database.QueryAsync(
            $"""
            select c.number, c.run, e.seq, e.hash, case when {database.Dialect.JsonText("e.body", "type")} = 'run.ended' then cast(1 as bigint) else cast(0 as bigint) end
              from chains c join events e on e.chain = c.number and e.seq = (select max(seq) from events where chain = c.number)
             where not exists (select 1 from digest_heads h where h.chain = c.number and (h.ended = 1 or h.events = e.seq + 1))
            """,
            row => new FoundHead(
                row.GetInt64(0),
                new RunHead(new RunId(row.GetString(1)), row.GetInt64(2) + 1, Convert.ToHexStringLower(row.GetFieldValue<byte[]>(3))), row.GetInt64(4)),
            cancellationToken);

        return [.. found.OrderBy(head => head.Head.Run.Value, StringComparer.Ordinal)];
    }

    private sealed record FoundHead(long Chain, RunHead Head, long Ended);
}
