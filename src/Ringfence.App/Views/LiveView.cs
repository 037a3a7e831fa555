using Ringfence.App.Cli;
using Ringfence.Audit;
using Ringfence.Runs;

namespace Ringfence.App.Views;

/// <summary>
/// A run on the screen: lines as things happen and, on a terminal, a last line that is kept up to date. Drawn from the live feed alone, which may
/// lose events; what counts is in the store.
/// </summary>
internal sealed class LiveView(Terminal terminal, RunLimits limits, TimeProvider time) : IDisposable
{
    private const string EraseLine = "\r\e[2K";
    private static readonly string[] Spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

    private readonly Lock gate = new();
    private readonly EventPrinter printer = new(terminal.ColorError, terminal.Width);
    private readonly long began = time.GetTimestamp();
    private ITimer? ticker;
    private string stage = "queued";
    private long tokens;
    private Money cost;
    private int turn;
    private int tick;

    public void Start()
    {
        if (terminal.ErrorIsTerminal)
        {
            ticker = time.CreateTimer(_ => Redraw(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(120));
        }
    }

    public void Show(AuditEvent happened)
    {
        lock (gate)
        {
            switch (happened.Fact)
            {
                case RunStateChanged state:
                    stage = state.To;
                    break;
                case ModelResponded answer:
                    tokens += answer.InputTokens + answer.OutputTokens + answer.CacheReadTokens + answer.CacheWrite5mTokens + answer.CacheWrite1hTokens;
                    cost += new Money(answer.CostNanodollars);
                    turn = Math.Max(turn, happened.Turn);
                    break;
            }

            if (printer.Print(happened) is { } line)
            {
                terminal.Error.WriteLine(ticker is null ? line : $"{EraseLine}{line}");
                Draw();
            }
        }
    }

    public void Dispose()
    {
        ticker?.Dispose();

        lock (gate)
        {
            if (ticker is not null)
            {
                terminal.Error.Write(EraseLine);
            }

            ticker = null;
        }
    }

    private void Redraw()
    {
        lock (gate)
        {
            tick++;
            Draw();
        }
    }

    private void Draw()
    {
        if (ticker is null)
        {
            return;
        }

        var line = $"{Spinner[tick % Spinner.Length]} {stage} · turn {turn}/{limits.Turns} · {tokens:N0} tokens · {cost} of {limits.Cost} · "
            + Duration.Show(time.GetElapsedTime(began));
        terminal.Error.Write(EraseLine + (line.Length < terminal.Width ? line : line[..(terminal.Width - 1)]));
    }
}
