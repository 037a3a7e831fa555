using System.Runtime.InteropServices;

namespace Ringfence.App.Cli;

/// <summary>
/// Turns the signals that ask a program to end into a cancellation. The first one starts an orderly end that keeps what was done; a second
/// one is told that the end is under way, because a program that dies at once would leave that work to the next start.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    // A process has one set of signals, and the command line library hands on one token.
    private static readonly CancellationTokenSource Insistence = new();

    private static int first;

    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;

    public Interrupt(Terminal terminal) => registrations =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal =>
            PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;

                if (source.IsCancellationRequested)
                {
                    terminal.Error.WriteLine("Ending already: keeping what the agent did…");
                    Insistence.Cancel();
                    return;
                }

                Interlocked.CompareExchange(ref first, NumberOf(signal), 0);
                source.Cancel();
            })),
    ];

    /// <summary>A second signal: a server that waits for its runs stops waiting.</summary>
    public static CancellationToken Insisted => Insistence.Token;

    public CancellationToken Token => source.Token;

    /// <summary>What a program that the first signal ended would have told its shell: 128 and the signal's number. 130 before there was one.</summary>
    public static int ExitCode => 128 + (first is 0 ? 2 : first);

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        source.Dispose();
    }

    private static int NumberOf(PosixSignal signal) => signal switch { PosixSignal.SIGHUP => 1, PosixSignal.SIGTERM => 15, _ => 2 };
}
