using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>How a call ended, as far as money and the record are concerned.</summary>
internal sealed class Ending
{
    public static Ending NotSent => new();

    /// <summary>The request may have reached the model, so that its tokens may be on the bill.</summary>
    public bool MayBeCharged { get; init; }

    /// <summary>The provider took the call; what failed before that is not a turn.</summary>
    public bool ReachedModel => Status is >= 200 and < 300;

    /// <summary>The provider's status; 0 when there was none.</summary>
    public int Status { get; init; }

    public Usage? Usage { get; init; }

    public string? StopReason { get; init; }

    public bool IsComplete { get; init; }

    /// <summary>When the first byte of the body was passed on; 0 when none was.</summary>
    public long FirstByte { get; init; }

    public Failure? Error { get; init; }

    /// <summary>What the caller is told when the provider said nothing; sent after the settlement.</summary>
    public Refusal? Answer { get; init; }

    public Money Cost { get; set; }
}
