using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>Events as <c>ringfence logs</c> shows them: what a person follows, or every one, or JSON.</summary>
internal sealed class LogLines(Terminal terminal, bool json, bool all)
{
    private readonly EventPrinter printer = new(terminal.ColorOutput, terminal.Width);

    public void Write(AuditEvent happened)
    {
        var line = json ? happened.Json
            : all ? $"{happened.At.ToLocalTime():HH:mm:ss.fff} {happened.Type,-22} {Printable.EscapeLines(happened.Data.GetRawText())}"
            : printer.Print(happened);

        if (line is not null)
        {
            terminal.WriteLine(line);
        }
    }
}
