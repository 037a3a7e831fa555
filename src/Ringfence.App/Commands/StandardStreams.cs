using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Ringfence.Sandboxes;

namespace Ringfence.App.Commands;

/// <summary>Connects our standard streams with a sandbox's: byte for byte through pipes, or as a raw terminal.</summary>
internal static class StandardStreams
{
    private const int BrokenPipe = 32; // EPIPE

    /// <summary>A terminal as large as ours; a serial line has no size, and gets the usual one.</summary>
    public static SandboxTerminal SizeOfOurs() =>
        Console.WindowHeight > 0 && Console.WindowWidth > 0 ? new(Console.WindowHeight, Console.WindowWidth) : new(24, 80);

    /// <summary>Why something that was printed could not be written; null when all was, or when whoever read it has had enough.</summary>
    /// <param name="outputToError">Keeps standard output free for a summary.</param>
    public static async Task<Failure?> RelayAsync(Sandbox sandbox, bool terminal, bool outputToError)
    {
        using var raw = terminal ? new RawTerminal() : null;
        using var resized = terminal ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => sandbox.ResizeTerminal(SizeOfOurs())) : null;

        // Reading our input cannot be cancelled; it ends with the process.
        _ = FeedAsync(sandbox);
        var failures = await Task.WhenAll(
            CopyAsync(sandbox.StandardOutput, Ours(outputToError ? 2 : 1)),
            CopyAsync(sandbox.StandardError, Ours(2)));
        return failures.FirstOrDefault(failure => failure is not null);
    }

    /// <summary>Why something could not be written to one of our streams: a disk that is full, a stream that was closed before we began.</summary>
    public static Failure? Guard(Action write)
    {
        try
        {
            write();
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Unwritable(refused);
        }
    }

    private static Failure Unwritable(Exception refused) =>
        new("output_unwritable", $"What was printed cannot be written: {refused.Message.TrimEnd('.')}.", "The output's disk may be full, or the stream was closed before the start.");

    // The console's own streams say nothing of a reader who has gone. But they write where a file that both streams share ends; a stream of a file
    // keeps a place of its own.
    private static Stream Ours(int descriptor)
    {
        var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return !stream.CanSeek ? stream : descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();
    }

    private static async Task FeedAsync(Sandbox sandbox)
    {
        try
        {
            await Console.OpenStandardInput().CopyToAsync(sandbox.StandardInput);
            await sandbox.StandardInput.DisposeAsync();
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // The command ended, or does not read.
        }
    }

    private static async Task<Failure?> CopyAsync(Stream from, Stream to)
    {
        var buffer = new byte[64 << 10];

        while (await from.ReadAsync(buffer) is > 0 and var count)
        {
            try
            {
                await to.WriteAsync(buffer.AsMemory(0, count));
                await to.FlushAsync();
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                // Whoever reads us has had enough: the command learns it as it would without us, by a pipe that nobody reads.
                await from.DisposeAsync();
                return refused.HResult == BrokenPipe ? null : Unwritable(refused);
            }
        }

        return null;
    }

    /// <summary>Keys go to the sandbox as they are typed; the terminal is put back on the way out.</summary>
    private sealed class RawTerminal : IDisposable
    {
        private readonly string saved = Stty("-g");

        public RawTerminal() => Stty("raw", "-echo");

        public void Dispose() => Stty(saved);

        private static string Stty(params string[] arguments)
        {
            using var stty = Process.Start(new ProcessStartInfo("stty", arguments) { RedirectStandardOutput = true })!;
            var output = stty.StandardOutput.ReadToEnd().Trim();
            stty.WaitForExit();
            return output;
        }
    }
}
