namespace Ringfence.Audit;

/// <summary>How it is known what made a change. Stored; add, never rename.</summary>
public static class ChangeAttribution
{
    /// <summary>Only one command had been started until then: no other program existed that could have made the change.</summary>
    public const string Exact = "exact";

    /// <summary>
    /// The kernel's time of the change falls into the life of the named command and of those that it descends from, and of no other; without a name,
    /// of several. Which of them it was is not seen; nor is a process that outlived the command it belonged to without executing anything.
    /// </summary>
    public const string Window = "window";

    /// <summary>Concluded from words: of those that were running, it alone names the file in its arguments, or a tool's input does. The agent chose them.</summary>
    public const string Inferred = "inferred";
}
