namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What the agent is at, and how long it has worked. The time a person takes to answer is not work.</summary>
internal sealed class Activity(TimeProvider time)
{
    private static readonly string[] Frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

    private readonly Lock gate = new();
    private readonly List<(string Id, string Name, string Argument)> tools = [];
    private TimeSpan before;
    private TimeSpan settled;
    private long? running;
    private (string What, string Detail) doing = ("Working", "");

    public bool IsOn { get; private set; }

    /// <summary>Worked in this turn.</summary>
    public TimeSpan Turn => settled + (running is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero);

    /// <summary>Worked in the session.</summary>
    public TimeSpan Session => before + Turn;

    /// <summary>Another session begins.</summary>
    public void Forget()
    {
        lock (gate)
        {
            (before, settled) = (TimeSpan.Zero, TimeSpan.Zero);
        }
    }

    public void Begin(string what)
    {
        lock (gate)
        {
            before = Session;
            (IsOn, settled, running, doing) = (true, TimeSpan.Zero, time.GetTimestamp(), (what, ""));
            tools.Clear();
        }
    }

    public void End()
    {
        Pause();
        IsOn = false;
    }

    public void Pause()
    {
        lock (gate)
        {
            (settled, running) = (Turn, null);
        }
    }

    public void Resume()
    {
        lock (gate)
        {
            running ??= IsOn ? time.GetTimestamp() : null;
        }
    }

    /// <param name="detail">Its newest words; the last line is shown.</param>
    public void Do(string what, string detail = "")
    {
        lock (gate)
        {
            doing = (what, detail);
        }
    }

    public void Start(string id, string name, string argument)
    {
        lock (gate)
        {
            tools.Add((id, name, argument));
        }
    }

    public void Finish(string id)
    {
        lock (gate)
        {
            tools.RemoveAll(t => t.Id == id);
        }
    }

    public string Describe(int width, Paint paint)
    {
        lock (gate)
        {
            var (what, detail) = tools is [.., var last] ? (last.Name + (tools.Count > 1 ? $" (+{tools.Count - 1})" : ""), last.Argument) : doing;
            var spent = $" {Brief(Turn)} · Esc stops";
            var frame = Frames[(int)(Turn.TotalMilliseconds / 120) % Frames.Length];
            var room = width - 4 - what.Length - spent.Length;
            var shown = room < 8 || detail.Length == 0 ? "" : " " + TextWidth.Cut(TextWidth.Safe(detail).Replace('\n', ' '), room);
            return $"{paint.Accent(frame)} {paint.Bold(what)}{paint.Quiet(shown + spent)}";
        }
    }

    public static string Brief(TimeSpan span) => span.TotalSeconds < 60 ? $"{span.Seconds}s"
        : span.TotalMinutes < 60 ? $"{span.Minutes}m {span.Seconds}s" : $"{(long)span.TotalHours}h {span.Minutes}m";
}
