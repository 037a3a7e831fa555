using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ringfence.Processes;

/// <summary>What a program on the host answers by printing it: asked for a time, up to a size. Whoever waits for a program that a user named never waits for ever.</summary>
/// <param name="Text">Standard output, as UTF-8.</param>
public sealed record ProgramAnswer(int Code, string Text)
{
    /// <summary>The code of the failure of a program that did not end in its time, or kept its output open.</summary>
    public const string TooSlow = "program_too_slow";

    /// <summary>The code of the failure of a program that printed more than was asked for.</summary>
    public const string TooMuch = "program_output_too_large";

    private const string Mark = "RINGFENCE_ASKED";
    private const int MostSearches = 16;

    /// <summary>
    /// Starts it, closes its input and reads what it prints. Whatever it started is ended with it when it is too slow, prints too much or is cancelled.
    /// Fails with <c>program_missing</c>, <see cref="TooSlow"/> or <see cref="TooMuch"/>.
    /// </summary>
    /// <param name="patience">How long it may take until it has ended and nobody holds its output open.</param>
    /// <param name="mostBytes">Of standard output.</param>
    public static async Task<Result<ProgramAnswer>> AskAsync(ChildCommand command, TimeSpan patience, int mostBytes, CancellationToken cancellationToken)
    {
        // A process whose parent has ended is in no tree any more, and a new session leaves every group; but both inherit the environment.
        var mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var environment = new Dictionary<string, string>(command.Environment) { [Mark] = mark };

        if (!ChildProcess.Start(command with { Environment = environment }).Succeeded(out var process, out var why))
        {
            return Result.Fail<ProgramAnswer>(why);
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(patience);
        var answered = false;

        try
        {
            process.Input.Close();
            var text = await ReadAsync(process.Output, mostBytes, bounded.Token);

            if (text is null)
            {
                return new Failure(TooMuch, $"{command.Executable} printed more than {mostBytes.ToString("N0", CultureInfo.InvariantCulture)} bytes.");
            }

            var end = await process.WaitAsync(bounded.Token);
            answered = true;
            return new ProgramAnswer(end.Code, text);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Failure(TooSlow, $"{command.Executable} did not end within {patience.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} seconds, or what it started kept its output open.");
        }
        finally
        {
            await process.DisposeAsync();

            if (!answered)
            {
                EndAll($"{Mark}={mark}");
            }
        }
    }

    private static async Task<string?> ReadAsync(Stream output, int mostBytes, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        var buffer = new byte[4096];

        while (await output.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            if (text.Length + count > mostBytes)
            {
                return null;
            }

            text.Write(buffer, 0, count);
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    /// <summary>Again until nobody is left: whoever was looked at may have started another.</summary>
    private static void EndAll(string mark)
    {
        var bytes = Encoding.ASCII.GetBytes(mark);

        for (var search = 0; search < MostSearches; search++)
        {
            var marked = Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _) && Carries(folder, bytes)).ToList();

            if (marked.Count == 0)
            {
                return;
            }

            foreach (var folder in marked)
            {
                End(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture));
            }
        }
    }

    private static bool Carries(string folder, byte[] mark)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or is somebody else's.
        }
    }

    private static void End(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It was quicker.
        }
    }
}
