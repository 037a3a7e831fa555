using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ringfence.App.Cli;

/// <summary>
/// Where commands write: results to standard output, everything about them to standard error, so that a pipe carries results alone.
/// Colour only where a person looks: on a terminal, without NO_COLOR, and TERM is not "dumb".
/// </summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    public TextWriter Output { get; } = output;

    public TextWriter Error { get; } = error;

    public bool OutputIsTerminal { get; } = !Console.IsOutputRedirected;

    public bool ErrorIsTerminal { get; } = !Console.IsErrorRedirected;

    public bool ColorOutput { get; } = WantsColor(Console.IsOutputRedirected);

    public bool ColorError { get; } = WantsColor(Console.IsErrorRedirected);

    /// <summary>Columns of the terminal; 100 where there is none.</summary>
    public int Width { get; } = Console.IsOutputRedirected && Console.IsErrorRedirected ? 100 : Math.Clamp(WindowWidth(), 40, 400);

    public void WriteLine(string text = "") => Output.WriteLine(text);

    /// <summary>A line for people: on a screen it is broken between words, in a pipe it stays one.</summary>
    public void WriteText(string text) => WriteText(Output, text, OutputIsTerminal);

    /// <summary>As <see cref="WriteText(string)"/>, but beside the results: what one may want to do next.</summary>
    public void WriteNote(string text) => WriteText(Error, text, ErrorIsTerminal);

    private void WriteText(TextWriter to, string text, bool isTerminal)
    {
        foreach (var line in isTerminal ? Wrapped.Lines(text, Width) : [text])
        {
            to.WriteLine(line);
        }
    }

    /// <summary>One JSON value on one line, by its generated contract.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> contract) => Output.WriteLine(JsonSerializer.Serialize(value, contract));

    /// <summary>Every failure with its hint, so that a user mends all of them in one go.</summary>
    public void WriteFailures(IReadOnlyList<Failure> failures)
    {
        foreach (var failure in failures)
        {
            Write("error", Ansi.Red, failure);
        }
    }

    /// <summary>What goes on all the same, and somebody should know.</summary>
    public void WriteWarning(Failure warning) => Write("warning", Ansi.Yellow, warning);

    private void Write(string kind, string ansi, Failure failure)
    {
        WriteText(Error, $"{Paint(kind, ansi, ColorError)}: {Printable.EscapeLines(failure.Message)} [{failure.Code}]", ErrorIsTerminal);

        if (failure.Hint is not null)
        {
            WriteText(Error, $"  {Paint("hint", Ansi.Cyan, ColorError)}: {Printable.EscapeLines(failure.Hint)}", ErrorIsTerminal);
        }
    }

    public void WriteBug(Exception bug)
    {
        Error.WriteLine($"{Paint("bug", Ansi.Red, ColorError)}: {bug.GetType().Name}: {bug.Message} [internal]");
        Error.WriteLine("  This is our mistake, not yours. Please report it with the trace below.");
        Error.WriteLine(bug.StackTrace);
    }

    public string Paint(string text, string ansi) => Paint(text, ansi, ColorOutput);

    public static string Paint(string text, string ansi, bool color) => color ? $"{ansi}{text}{Ansi.Reset}" : text;

    private static bool WantsColor(bool redirected) =>
        !redirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    private static int WindowWidth()
    {
        try
        {
            return Console.WindowWidth;
        }
        catch (IOException)
        {
            return 100;
        }
    }
}

/// <summary>The few colours in use; all of them are legible on light and on dark.</summary>
internal static class Ansi
{
    public const string Reset = "\e[0m";
    public const string Bold = "\e[1m";
    public const string Dim = "\e[2m";
    public const string Red = "\e[31m";
    public const string Green = "\e[32m";
    public const string Yellow = "\e[33m";
    public const string Cyan = "\e[36m";
}
