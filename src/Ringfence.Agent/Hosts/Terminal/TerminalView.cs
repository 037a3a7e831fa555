using System.Globalization;
using System.Text;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What is on the screen at this moment: the line being written, what is going on, the question, the prompt, the status.</summary>
internal sealed class TerminalView(Screen screen, Paint paint, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private const int MostPartialRows = 8;

    private readonly Lock gate = new();
    private readonly Markdown markdown = new(paint);
    private readonly StringBuilder partial = new();
    private AgentSession? session;
    private string? question;
    private long? since;
    private ITimer? ticking;

    public LineEditor Editor { get; } = new();

    /// <summary>What the agent is at.</summary>
    public string Doing { get; set; } = "";

    public int Width => screen.Size.Width;

    public void Show(AgentSession shown) => session = shown;

    public void Working(AgentSession shown)
    {
        session = shown;
        since = time.GetTimestamp();
        Doing = "Working";
        ticking ??= time.CreateTimer(_ => Draw(), null, Tick, Tick);
        Draw();
    }

    public void Idle()
    {
        ticking?.Dispose();
        (ticking, since) = (null, null);
        Draw();
    }

    public void Print(string text)
    {
        lock (gate)
        {
            screen.Draw(text, Live());
        }
    }

    /// <summary>Adds to what is being said. Whole lines go up as Markdown, the rest waits below.</summary>
    public void Stream(string delta)
    {
        lock (gate)
        {
            partial.Append(delta);
            var text = partial.ToString();
            var end = text.LastIndexOf('\n');
            partial.Remove(0, end + 1);
            screen.Draw(end < 0 ? null : string.Join('\n', text[..end].Split('\n').Select(markdown.Line)), Live());
        }
    }

    public void EndStream()
    {
        lock (gate)
        {
            if (partial.Length > 0)
            {
                var line = markdown.Line(partial.ToString());
                partial.Clear();
                screen.Draw(line, Live());
            }

            markdown.Reset();
        }
    }

    /// <summary>The answer begins anew: what was half said before does not count.</summary>
    public void DropPartial()
    {
        lock (gate)
        {
            partial.Clear();
            markdown.Reset();
        }
    }

    public void Ask(string? text)
    {
        question = text;
        Draw();
    }

    public void Draw()
    {
        lock (gate)
        {
            screen.Draw(null, Live());
        }
    }

    public void Suspend(TerminalDevice device)
    {
        lock (gate)
        {
            screen.Finish(null);
            device.Suspend();
        }
    }

    public void Leave(string text)
    {
        lock (gate)
        {
            ticking?.Dispose();
            screen.Finish(text);
        }
    }

    private Screen.Live Live()
    {
        var width = Math.Max(20, Width);
        var rows = new List<string>();

        if (partial.Length > 0)
        {
            rows.AddRange(TextWidth.Wrap(TextWidth.Safe(partial.ToString()), width).TakeLast(MostPartialRows));
        }

        if (question is not null)
        {
            rows.Add(question);
        }
        else if (since is { } began)
        {
            rows.Add(paint.Dim(string.Create(CultureInfo.InvariantCulture, $"… {Doing} ({time.GetElapsedTime(began).TotalSeconds:0} s, Esc stops)")));
        }

        rows.Add(paint.Dim(new string('─', width - 1)));
        var first = rows.Count;
        var input = TextWidth.Wrap(Editor.Text, width - 3);
        rows.AddRange(input.Select((r, i) => (i == 0 ? paint.Cyan("› ") : "  ") + r));
        var before = TextWidth.Wrap(Editor.Text[..Editor.Cursor], width - 3);
        rows.Add(paint.Dim(TextWidth.Cut(Status(), width - 1)));
        return new Screen.Live(rows, first + before.Count - 1, 2 + TextWidth.Of(before[^1]));
    }

    private string Status()
    {
        if (session is null)
        {
            return "";
        }

        var window = PriceTable.Of(session.Model).ContextWindow;
        var left = session.Spending.LimitNanodollars is { } limit ? $" · {SlashCommands.Dollars(limit - session.Spending.SpentNanodollars)} left" : "";

        return string.Create(CultureInfo.InvariantCulture,
            $"{session.Model} · {100.0 * session.Conversation.Tokens / window:0} % of {window / 1000} k · {SlashCommands.Dollars(session.Spending.SpentNanodollars)}{left} · {ModeName.Of(session.Permissions.Mode)}");
    }
}
