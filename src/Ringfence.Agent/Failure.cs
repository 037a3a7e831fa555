namespace Ringfence.Agent;

/// <summary>An expected bad ending: something the user, the machine or a file can cause. A bug is an exception, never a failure.</summary>
/// <param name="Code">Stable, lower_snake_case. Scripts compare it: never rename one.</param>
/// <param name="Message">One sentence for people, with the value that was wrong.</param>
/// <param name="Hint">What to do about it, when there is something to do.</param>
internal sealed record Failure(string Code, string Message, string? Hint = null)
{
    public override string ToString() => Hint is null ? Message : $"{Message} {Hint}";
}
