using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What is on the screen at this moment: the answer as it grows, what is going on, the question, what waits, the prompt, the status.</summary>
internal sealed class TerminalView(Screen screen, PromptBox prompt, Activity activity, Paint paint, TimeProvider time) : IDisposable
{
    // Deltas may come by the thousand; the eye sees thirty a second.
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(33);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(120);
    private static readonly TimeSpan LongEnoughToRing = TimeSpan.FromSeconds(10);
    private const int MostTold = 200;

    // A row that a narrower screen would wrap makes every terminal guess differently where the region begins.
    private const int WidestRule = 48;
    private const int WidestActivity = 100;

    private readonly Lock gate = new();
    private readonly StreamedAnswer answer = new(paint);
    private readonly Queue<Func<string>> told = new();
    private AgentSession? session;
    private readonly List<string> held = [];
    private IReadOnlyList<string> question = [];
    private IReadOnlyList<string> waiting = [];
    private string hint = "";
    private bool isFrameDue;
    private bool isAway;
    private bool endsEmpty;
    private bool isLent;
    private ITimer? ticking;

    public int Width => Math.Max(20, screen.Size.Width) - 1;

    public void Show(AgentSession shown)
    {
        session = shown;
        activity.Forget();
    }

    public void Working(string what)
    {
        activity.Begin(what);
        ticking ??= screen.IsPlain ? null : time.CreateTimer(_ => Draw(), null, Tick, Tick);
        Draw();
    }

    public void Idle()
    {
        Ring();
        activity.End();
        ticking?.Dispose();
        ticking = null;
        Draw();
    }

    /// <summary>Adds lines. Two empty ones never meet: who ends with one and who begins with one mean the same.</summary>
    public void Print(string text)
    {
        var shown = endsEmpty && text.StartsWith('\n') ? text[1..] : text;
        endsEmpty = shown.Length == 0 || shown.EndsWith('\n');
        Print(() => shown);
    }

    /// <summary>A message, broken between words.</summary>
    public void Say(string text)
    {
        endsEmpty = text.Length == 0;
        Print(() => string.Join('\n', text.Split('\n').SelectMany(line => StyledText.Wrap(line, Width))));
    }

    /// <summary>Adds to what is being said. Whole lines go up as Markdown, the rest waits below.</summary>
    public void Stream(string delta)
    {
        lock (gate)
        {
            answer.Add(delta);
            endsEmpty = false;

            if (!isFrameDue)
            {
                isFrameDue = true;
                _ = DrawSoonAsync();
            }
        }
    }

    public void EndStream()
    {
        lock (gate)
        {
            if (!answer.IsEmpty)
            {
                var source = answer.Source;
                Remember(() => Markdown(source));
                var rest = answer.End(Width);
                Draw(rest);
            }
        }
    }

    /// <summary>The answer begins anew: what was half said before does not count.</summary>
    public void DropPartial()
    {
        lock (gate)
        {
            answer.Drop();
        }
    }

    public void Ask(IReadOnlyList<string> rows)
    {
        var isNew = question.Count == 0 && rows.Count > 0;
        question = rows;

        if (screen.IsPlain && rows.Count > 0)
        {
            Draw(string.Join('\n', rows));
        }

        if (isNew)
        {
            Ring();
        }

        Draw();
    }

    /// <summary>Prompts that are sent when the work is done.</summary>
    public void Wait(IReadOnlyList<string> prompts) => waiting = prompts;

    /// <summary>A word beside the status until the next key.</summary>
    public void Hint(string text) => hint = text;

    public void Focus(bool isHere) => isAway = !isHere;

    public void Draw()
    {
        lock (gate)
        {
            // First, so that what is finished is not shown below as well.
            var finished = answer.Take(Width);
            Draw(finished);
        }
    }

    /// <summary>Clears the screen and tells what was told last once more, as wide as the screen is now.</summary>
    public void TellAgain()
    {
        lock (gate)
        {
            if (screen.IsPlain)
            {
                return;
            }

            var lines = told.Select(t => t()).Where(t => t.Length > 0).SelectMany(t => t.Split('\n')).ToArray();
            screen.Clear();
            screen.Draw(string.Join('\n', lines.TakeLast(screen.Size.Height)), Live());
        }
    }

    /// <summary>Another program has the screen until <see cref="Return"/>; what happens meanwhile is told then.</summary>
    public void Lend()
    {
        lock (gate)
        {
            screen.Finish(null);
            isLent = true;
        }
    }

    public void Return()
    {
        lock (gate)
        {
            if (isLent)
            {
                isLent = false;
                screen.Draw(held.Count > 0 ? string.Join('\n', held) : null, Live());
                held.Clear();
            }
        }
    }

    public void Leave(string text)
    {
        Dispose();

        lock (gate)
        {
            screen.Finish(text);
        }
    }

    public void Dispose()
    {
        ticking?.Dispose();
        ticking = null;
    }

    private void Print(Func<string> text)
    {
        lock (gate)
        {
            Remember(text);
            Draw(text());
        }
    }

    private void Draw(string? printed)
    {
        if (!isLent)
        {
            screen.Draw(printed, Live());
        }
        else if (printed is not null)
        {
            held.Add(printed);
        }
    }

    private async Task DrawSoonAsync()
    {
        await Task.Delay(Frame, time);

        lock (gate)
        {
            isFrameDue = false;
            var finished = answer.Take(Width);
            Draw(finished);
        }
    }

    private void Remember(Func<string> text)
    {
        told.Enqueue(text);

        while (told.Count > MostTold)
        {
            told.Dequeue();
        }
    }

    private string Markdown(string source)
    {
        var again = new StreamedAnswer(paint);
        again.Add(source);
        return again.End(Width) ?? "";
    }

    /// <summary>For whoever looks elsewhere: something took long, and now waits for a person.</summary>
    private void Ring()
    {
        if (isAway && activity.Turn > LongEnoughToRing && !screen.IsPlain)
        {
            screen.Ring();
        }
    }

    private Screen.Live Live()
    {
        if (screen.IsPlain)
        {
            return new Screen.Live([], 0, 0);
        }

        var (width, height) = (Width, screen.Size.Height);
        var below = new List<string>();

        if (question.Count > 0)
        {
            below.AddRange(question.Select(q => StyledText.Wrap(q, width)[0]));
        }
        else if (activity.IsOn)
        {
            below.Add(activity.Describe(Math.Min(width, WidestActivity), paint));
        }

        below.AddRange(waiting.Select(w => paint.Quiet(TextWidth.Cut($"› {TextWidth.Safe(w)} (sent when this is done)", width))).Take(3));
        below.Add(paint.Quiet(new string('─', Math.Min(width, WidestRule))));
        var first = below.Count;
        var (input, row, column) = prompt.Render(width, Math.Max(1, height / 3));
        below.AddRange(input);
        below.AddRange(prompt.Suggestions.Rows(width, paint));
        below.Add(hint.Length > 0 ? paint.Warning(TextWidth.Cut(hint, width)) : session is null ? "" : StatusLine.Of(session, activity.Session, width, paint));

        // The newest of what is being said; all of it goes up when its line, or its table, is finished.
        var above = answer.Preview(width).TakeLast(Math.Max(1, height - below.Count - 2)).ToList();
        return new Screen.Live([.. above, .. below], above.Count + first + row, column);
    }
}
