using Ringfence.Review;

namespace Ringfence.App.Views;

/// <summary>A waiver as <c>--json</c> shows it.</summary>
internal sealed record WaiverView(
    string Id, string Gate, string Place, string? Repository, string By, string Reason, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string? RevokedBy, bool Genuine)
{
    public static WaiverView Of(KnownWaiver known) => new(
        known.Id, known.Waiver.Gate, known.Waiver.Place, known.Repository, known.Waiver.By, known.Waiver.Reason, known.Created, known.Waiver.Expires, known.RevokedBy,
        known.IsGenuine);
}
