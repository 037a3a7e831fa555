using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ringfence.Access;
using Ringfence.Storage;

namespace Ringfence.Approvals;

/// <summary>What a link carries. It is signed, so nothing in it can be changed; it is no secret what it says.</summary>
/// <param name="Expires">Seconds since 1970.</param>
internal sealed record LinkPayload(string Link, string Approval, string Digest, string Principal, long Expires);

/// <summary>
/// Links by which somebody without a key answers once. Whoever holds the link is taken for the person that it was made out to, so only an admin
/// gives them out, and never about a run of their own.
/// </summary>
public sealed class ApprovalLinks(Database database, ApprovalDesk desk, TimeProvider time)
{
    private const string Purpose = "approval-link";
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    private readonly SigningKeys keys = new(database);

    /// <param name="principal">Who the link is for, as they stand in groups and in the record.</param>
    /// <param name="life">At most seven days, and never beyond the approval's own end.</param>
    /// <returns>The token: part of an address, in characters that need no escaping there.</returns>
    /// <remarks>Failures: <c>forbidden</c>, <c>bad_principal</c>, and those of <see cref="ApprovalRules.Refusal"/>.</remarks>
    public async Task<Result<string>> IssueAsync(string approvalId, string principal, Approver issuer, TimeSpan life, CancellationToken cancellationToken)
    {
        if (issuer.Role < Role.Admin)
        {
            return new Failure("forbidden", "Only an admin gives out links: a link is its addressee's signature.");
        }

        if (string.IsNullOrWhiteSpace(principal) || principal.Length > 200 || principal.Any(char.IsControl))
        {
            return new Failure("bad_principal", "A link is made out to somebody: 1 to 200 characters.", "Such as alice@example.com.");
        }

        if (!(await desk.ShowAsync(approvalId, cancellationToken)).Succeeded(out var approval, out var why))
        {
            return Result.Fail<string>(why);
        }

        var now = time.GetUtcNow();
        var addressee = new Approver(principal, Role.Approver, "signed_link", "link");

        if (ApprovalRules.Refusal(approval, addressee, approval.Digest, approves: true, now) is { } refused)
        {
            return refused;
        }

        // Else somebody could answer about their own run under another name.
        if (ApprovalRules.Refusal(approval with { Needs = [ApprovalNeed.Anyone], Answers = [] }, issuer, approval.Digest, approves: true, now) is { } own)
        {
            return own;
        }

        var expires = new[] { now + (life > Longest ? Longest : life), approval.ExpiresAt }.Min();
        var payload = new LinkPayload(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), approval.Id, approval.Digest, principal, expires.ToUnixTimeSeconds());

        await database.ExecuteAsync(
            "insert into approval_links (id, approval, principal, issued_by, expires_us) values (@id, @approval, @principal, @by, @expires)", cancellationToken,
            ("id", payload.Link), ("approval", approval.Id), ("principal", principal), ("by", issuer.Principal), ("expires", expires));

        var text = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(payload, ApprovalJson.Default.LinkPayload));
        return $"{text}.{Base64Url.EncodeToString(await keys.SignAsync(Purpose, text, cancellationToken))}";
    }

    /// <summary>What a link is about, without using it up. Fails with <c>bad_link</c>, <c>link_expired</c>, <c>link_used</c> or <c>unknown_approval</c>.</summary>
    public async Task<Result<Approval>> ShowAsync(string token, CancellationToken cancellationToken) =>
        (await ReadAsync(token, cancellationToken)).Succeeded(out var payload, out var why)
            ? await desk.ShowAsync(payload.Approval, cancellationToken)
            : Result.Fail<Approval>(why);

    /// <summary>Answers by a link, which is used up first: of two at once one wins.</summary>
    public async Task<Result<Approval>> DecideAsync(string token, string digest, bool approves, string? comment, CancellationToken cancellationToken)
    {
        if (!(await ReadAsync(token, cancellationToken)).Succeeded(out var payload, out var why))
        {
            return Result.Fail<Approval>(why);
        }

        var person = new Approver(payload.Principal, Role.Approver, "signed_link", "link");

        if (!(await desk.ShowAsync(payload.Approval, cancellationToken)).Succeeded(out var approval, out why)
            || ApprovalRules.Refusal(approval, person, digest, approves, time.GetUtcNow()) is { } refusal && (why = [refusal]).Count > 0)
        {
            return Result.Fail<Approval>(why);
        }

        return await database.ExecuteAsync(
            "update approval_links set used_us = @now where id = @id and used_us is null", cancellationToken, ("id", payload.Link), ("now", time.GetUtcNow())) == 1
            ? await desk.DecideAsync(payload.Approval, person, digest, approves, comment, cancellationToken)
            : new Failure("link_used", "This link has been used.");
    }

    private async Task<Result<LinkPayload>> ReadAsync(string token, CancellationToken cancellationToken)
    {
        var bad = new Failure("bad_link", "This is no link of ours, or it was changed on the way.", "Open it exactly as it was sent.");

        if (token.Length > 4096 || token.Split('.') is not [var text, var seal] || !Base64Url.IsValid(text) || !Base64Url.IsValid(seal)
            || !await keys.VerifyAsync(Purpose, text, Base64Url.DecodeFromChars(seal), cancellationToken))
        {
            return bad;
        }

        // The signature is ours, so the text is.
        var payload = JsonSerializer.Deserialize(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)), ApprovalJson.Default.LinkPayload)!;

        if (time.GetUtcNow().ToUnixTimeSeconds() >= payload.Expires)
        {
            return new Failure("link_expired", "This link has expired.", "Ask for another.");
        }

        return await database.QuerySingleAsync(
            "select used_us from approval_links where id = @id", row => row.IsDBNull(0) ? "fresh" : "used", cancellationToken, ("id", payload.Link)) switch
        {
            "fresh" => payload,
            "used" => new Failure("link_used", "This link has been used."),
            _ => bad,
        };
    }
}
