namespace Ringfence.Sandboxes;

/// <summary>How far this machine enforces one wall or limit, found by trying it.</summary>
public enum DoctorLevel
{
    /// <summary>As strong as designed.</summary>
    Full,

    /// <summary>Enforced, by weaker means.</summary>
    Weaker,

    /// <summary>Not to be had here.</summary>
    Missing,
}

/// <param name="Name">The wall or limit.</param>
/// <param name="Found">What was tried and what came of it.</param>
/// <param name="Remedy">What to do about it; null when nothing is to be done.</param>
public sealed record DoctorLine(string Name, DoctorLevel Level, string Found, string? Remedy = null)
{
    /// <summary>
    /// True when every sandbox has its walls and limits without it: it is a limit that only a run that asks for it gets, and is refused without, or a detail
    /// of the record.
    /// </summary>
    public bool IsOptional { get; init; }
}
