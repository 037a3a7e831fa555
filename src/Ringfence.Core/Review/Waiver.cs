namespace Ringfence.Review;

/// <summary>A person's decision that a gate need not stop something, for a while.</summary>
/// <param name="Place">Glob over the finding's path; <c>.</c> for the change set as a whole.</param>
/// <param name="Expires">From then on it counts no more: a waiver is never for ever.</param>
public sealed record Waiver(string Gate, string Place, string By, string Reason, DateTimeOffset Expires)
{
    public bool Covers(Finding finding, DateTimeOffset now) =>
        now < Expires && finding.Gate == Gate && (finding.Place == Place || PathGlob.Allowing(Place).Matches(PathOf(finding.Place)));

    // "path:12" is line 12 of path.
    private static string PathOf(string place) =>
        place.LastIndexOf(':') is var colon and > 0 && place[(colon + 1)..].All(char.IsAsciiDigit) ? place[..colon] : place;
}
