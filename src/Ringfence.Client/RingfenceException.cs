namespace Ringfence.Client;

/// <summary>The server refused, or could not be reached.</summary>
public sealed class RingfenceException : Exception
{
    public RingfenceException(ProblemInfo problem)
        : base(problem.Detail) => Problem = problem;

    public RingfenceException(string message, Exception inner)
        : base(message, inner) => Problem = new ProblemInfo("server_unreachable", message, 0, "Is the address right, and the server running?", null, null);

    /// <summary>Code, hint and all errors, as the server said them; code <c>server_unreachable</c> where it said nothing.</summary>
    public ProblemInfo Problem { get; }
}
