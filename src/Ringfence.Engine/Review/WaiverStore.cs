using System.Data.Common;
using System.Security.Cryptography;
using Ringfence.Access;
using Ringfence.Approvals;
using Ringfence.Runs;
using Ringfence.Storage;

namespace Ringfence.Review;

/// <param name="Repository">Where it holds; null is everywhere.</param>
/// <param name="RevokedBy">Who took it back; null while it holds.</param>
/// <param name="IsGenuine">The row is as it was signed.</param>
public sealed record KnownWaiver(string Id, Waiver Waiver, string? Repository, DateTimeOffset Created, string? RevokedBy, bool IsGenuine);

/// <summary>
/// Waivers: decisions that a gate need not stop something for a while. Each is signed with a key of this installation, so that a row which somebody
/// wrote or stretched by hand counts for nothing.
/// </summary>
public sealed class WaiverStore(Database database, TimeProvider time)
{
    private const string Purpose = "waiver";
    private const int LongestReason = 500;

    /// <summary>A waiver is never for ever.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    private readonly SigningKeys keys = new(database);

    /// <param name="waiver"><see cref="Waiver.By"/> is taken from <paramref name="person"/>.</param>
    /// <remarks>Failures, all at once: <c>not_an_approver</c>, <c>bad_waiver</c>.</remarks>
    public async Task<Result<KnownWaiver>> AddAsync(Waiver waiver, string? repository, Approver person, CancellationToken cancellationToken)
    {
        var now = UnixTime.FromUnixTimeMicroseconds(time.NowMicroseconds());
        var failures = new List<Failure>();
        waiver = waiver with { By = person.Principal, Expires = DateTimeOffset.FromUnixTimeSeconds(waiver.Expires.ToUnixTimeSeconds()) };

        void Check(bool good, string code, string message)
        {
            if (!good)
            {
                failures.Add(new Failure(code, message));
            }
        }

        Check(person.Role >= Role.Approver, "not_an_approver", "Only approvers waive findings.");
        Check(waiver.Gate.Length is > 0 and <= 100 && waiver.Gate.All(c => char.IsAsciiLetterLower(c) || c == '_'), "bad_waiver", "A gate is named as in its findings, such as size.");
        Check(waiver.Gate is not ("verification" or "approval"), "bad_waiver", "That checks and approvals speak of what is published cannot be waived.");
        Check(waiver.Place.Length is > 0 and <= 500 && !waiver.Place.Any(char.IsControl), "bad_waiver", "A place is a path or glob of at most 500 characters; . is the change as a whole.");
        Check(waiver.Reason.Trim().Length is > 0 and <= LongestReason, "bad_waiver", $"A reason of 1 to {LongestReason} characters is needed.");
        Check(waiver.Expires > now && waiver.Expires <= now + Longest, "bad_waiver", "A waiver ends within a year, and not before it begins.");

        if (failures.Count > 0)
        {
            return Result.Fail<KnownWaiver>(failures);
        }

        var known = new KnownWaiver("wvr_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), waiver, repository, now, null, true);
        await database.ExecuteAsync(
            """
            insert into waivers (id, gate, place, repository, decided_by, reason, created_us, expires_us, signature)
            values (@id, @gate, @place, @repository, @by, @reason, @now, @expires, @signature)
            """,
            cancellationToken,
            ("id", known.Id), ("gate", waiver.Gate), ("place", waiver.Place), ("repository", repository), ("by", waiver.By), ("reason", waiver.Reason),
            ("now", now), ("expires", waiver.Expires), ("signature", await keys.SignAsync(Purpose, Statement(known), cancellationToken)));
        return known;
    }

    /// <summary>All that were ever given, the newest first.</summary>
    public async Task<IReadOnlyList<KnownWaiver>> ListAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(
            "select id, gate, place, repository, decided_by, reason, created_us, expires_us, revoked_by, signature from waivers order by created_us desc, id",
            Read, cancellationToken);
        var known = new List<KnownWaiver>();

        foreach (var (waiver, signature) in rows)
        {
            known.Add(waiver with { IsGenuine = await keys.VerifyAsync(Purpose, Statement(waiver), signature, cancellationToken) });
        }

        return known;
    }

    /// <summary>False when there is none, or it was taken back before.</summary>
    public async Task<bool> RevokeAsync(string id, string by, CancellationToken cancellationToken) => await database.ExecuteAsync(
        "update waivers set revoked_by = @by, revoked_us = @now where id = @id and revoked_us is null", cancellationToken,
        ("id", id), ("by", by), ("now", time.GetUtcNow())) == 1;

    /// <summary>Those that count for a run: genuine, not over, for its repository, and not by whoever asked for the run.</summary>
    public async Task<IReadOnlyList<Waiver>> InForceAsync(RunRequest request, CancellationToken cancellationToken) =>
    [
        .. (await ListAsync(cancellationToken))
            .Where(known => known.IsGenuine && known.RevokedBy is null && known.Waiver.Expires > time.GetUtcNow()
                && (known.Repository is null || known.Repository == request.Repository)
                && !Same(known.Waiver.By, request.RequestedBy) && !Same(known.Waiver.By, request.TriggerAuthor))
            .Select(known => known.Waiver),
    ];

    private static bool Same(string by, string? other) => string.Equals(by, other?.Trim(), StringComparison.OrdinalIgnoreCase);

    // Each part by its length, so that no two waivers make the same text.
    private static string Statement(KnownWaiver known) => string.Concat(
        new[] { known.Id, known.Waiver.Gate, known.Waiver.Place, known.Repository ?? "*", known.Waiver.By, known.Waiver.Reason, known.Waiver.Expires.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture) }
            .Select(part => $"{part.Length}:{part}"));

    private static (KnownWaiver, byte[]) Read(DbDataReader row) => (
        new KnownWaiver(
            row.GetString(0),
            new Waiver(row.GetString(1), row.GetString(2), row.GetString(4), row.GetString(5), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(7))),
            row.IsDBNull(3) ? null : row.GetString(3), UnixTime.FromUnixTimeMicroseconds(row.GetInt64(6)), row.IsDBNull(8) ? null : row.GetString(8), false),
        row.GetFieldValue<byte[]>(9));
}
