namespace Ringfence.Review;

/// <summary>What a gate found in a change set. The same change set and rules give the same findings, in the same order.</summary>
/// <param name="Gate">Which gate: a stable, lower_snake_case name. Waivers and records use it.</param>
/// <param name="Place">A path, with a line after a colon where there is one; printable. <c>.</c> is the change set as a whole.</param>
/// <param name="Evidence">What was seen there, in one printable line. Never a secret's value.</param>
public sealed record Finding(string Gate, FindingSeverity Severity, string Place, string Evidence);

public enum FindingSeverity
{
    /// <summary>Worth knowing in a review.</summary>
    Note,

    /// <summary>A person must have seen it before the change set leaves.</summary>
    Ask,

    /// <summary>The change set does not leave, unless a waiver says so.</summary>
    Block,
}
