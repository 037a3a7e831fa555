using System.Globalization;

namespace Ringfence.Audit;

/// <summary>What may have made a change.</summary>
/// <param name="By">Null when several may have, none of which started the others.</param>
/// <param name="Seq">The event of <paramref name="By"/>; -1 without one.</param>
/// <param name="Candidates">All that were running, those that started none of the others first.</param>
public sealed record ChangeExplanation(string? By, string? Attribution, long Seq, IReadOnlyList<string> Candidates)
{
    public static ChangeExplanation Unknown { get; } = new(null, null, -1, []);
}

/// <summary>
/// Which commands ran when, of one run: both ends of each life are stamped by the boundary, and the kernel stamps what changes. So whoever made a
/// change is among those that were running at its time, whatever the agent says or does; often that is one, and what started it.
/// Memory has an end: of the lives that are over, the latest are kept.
/// </summary>
public sealed class CommandTimeline
{
    public const int MostCandidates = 20;

    private const int MostKept = 20_000;
    private const int LongestName = 40;
    private const int MostReplacements = 64;

    private const int MostWords = 64;

    /// <summary>The longest that the kernel's clock for files stands still, microseconds.</summary>
    private const long Tick = 10_000;

    /// <summary>A clock that was set, by more than reading two clocks apart explains, microseconds.</summary>
    private const long ClockStep = 100_000;

    private static readonly char[] Separators = [' ', '\t', '\n', '\'', '"', '`', ';', '|', '&', '<', '>', '(', ')', '=', ',', ':'];

    private readonly Dictionary<(string Sandbox, long Command), Life> running = [];
    private readonly Dictionary<(string Sandbox, long Command), Life> over = [];
    private readonly Queue<Life> byEnd = [];
    private readonly Lock sync = new();
    private long secondStart = long.MaxValue;
    private long forgottenUntil = long.MinValue;
    private long started;
    private long latest;
    private long knownUntil = long.MaxValue;
    private bool clockWasSet;

    /// <param name="seq">Number of the fact's event.</param>
    public void Add(AuditFact fact, long seq)
    {
        lock (sync)
        {
            switch (fact)
            {
                case CommandStarted { StartedAt: > 0 } start:
                    latest = Math.Max(latest, start.StartedAt);
                    secondStart = ++started == 2 ? start.StartedAt : secondStart;
                    running[(start.Sandbox, start.Command)] = new Life(start.Sandbox, start.Command, start.Parent, Name(start), Words(start), seq, start.StartedAt);
                    break;

                case CommandFinished finish when running.Remove((finish.Sandbox, finish.Command), out var life):
                    latest = Math.Max(latest, finish.EndedAt);
                    clockWasSet |= Math.Abs(finish.EndedAt - life.Start - finish.DurationMicroseconds) > ClockStep;
                    Keep(life with { End = finish.EndedAt, ReplacedBy = finish.ReplacedBy });
                    break;
            }
        }
    }

    /// <summary>The record broke off here: what was executed later is not known, so nothing that changed later is explained.</summary>
    public void BreakOff()
    {
        lock (sync)
        {
            knownUntil = latest;
        }
    }

    /// <summary>One explanation for each change, in their order.</summary>
    /// <param name="changes">A path, and when it changed by the kernel's clock, microseconds UTC; 0 when that is not known.</param>
    public IReadOnlyList<ChangeExplanation> Explain(IReadOnlyList<(string Path, long At)> changes)
    {
        var explained = new ChangeExplanation[changes.Count];
        Array.Fill(explained, ChangeExplanation.Unknown);

        lock (sync)
        {
            // Both in the order of time, so that each life is looked at twice and not once for each of a hundred thousand files.
            var next = new Queue<Life>(running.Values.Concat(over.Values).OrderBy(life => life.Start));
            var alive = new List<Life>();
            Candidates? candidates = null;

            foreach (var i in Enumerable.Range(0, changes.Count).Where(i => IsKnown(changes[i].At)).OrderBy(i => changes[i].At))
            {
                for (; next.TryPeek(out var life) && life.Start <= changes[i].At; candidates = null)
                {
                    alive.Add(next.Dequeue());
                }

                if (alive.RemoveAll(life => life.End < changes[i].At) > 0)
                {
                    candidates = null;
                }

                explained[i] = Explain(candidates ??= Among(alive), changes[i].Path, changes[i].At);
            }
        }

        return explained;
    }

    private bool IsKnown(long at) => at > Math.Max(0, forgottenUntil) && at <= knownUntil && !clockWasSet;

    private Candidates Among(List<Life> alive)
    {
        var ancestors = alive.SelectMany(Ancestors).ToHashSet();
        var last = alive.FindAll(life => !ancestors.Contains((life.Sandbox, life.Command)));
        List<Life> all = [.. last, .. alive.Except(last)];
        return new Candidates(last, all, [.. all.Take(MostCandidates).Select(life => life.ToString())]);
    }

    private ChangeExplanation Explain(Candidates candidates, string path, long at)
    {
        if (candidates.All.Count == 0)
        {
            return ChangeExplanation.Unknown;
        }

        if (candidates.All.Count == 1 && at < secondStart)
        {
            return Told(candidates.All[0], ChangeAttribution.Exact);
        }

        // A stamp is up to a tick older than the change. Only who ran for all of that time ran at the change.
        if (candidates.Last is [var only] && only.Start + Tick <= at && at + Tick <= only.End)
        {
            return Told(only, ChangeAttribution.Window);
        }

        var word = Word(path).GetHashCode(StringComparison.Ordinal);
        var naming = candidates.All.FindAll(life => life.Words.Contains(word));
        var deepest = naming.FindAll(life => !naming.SelectMany(Ancestors).Contains((life.Sandbox, life.Command)));

        return deepest is [var named] ? Told(named, ChangeAttribution.Inferred) : new(null, ChangeAttribution.Window, -1, candidates.Names);

        ChangeExplanation Told(Life life, string how) => new(life.ToString(), how, life.Seq, candidates.Names);
    }

    private void Keep(Life life)
    {
        over[(life.Sandbox, life.Command)] = life;
        byEnd.Enqueue(life);

        if (byEnd.Count > MostKept)
        {
            var oldest = byEnd.Dequeue();
            over.Remove((oldest.Sandbox, oldest.Command));
            forgottenUntil = Math.Max(forgottenUntil, oldest.End);
        }
    }

    /// <summary>Those that started it, directly or not, under the number that each has by now: a process may go on as another command.</summary>
    private IEnumerable<(string, long)> Ancestors(Life life)
    {
        var parent = Find(life.Sandbox, life.Parent);

        while (parent is not null)
        {
            var now = parent;
            yield return (now.Sandbox, now.Command);

            for (var i = 0; i < MostReplacements && now is { ReplacedBy: > 0 }; i++)
            {
                now = Find(now.Sandbox, now.ReplacedBy);

                if (now is not null)
                {
                    yield return (now.Sandbox, now.Command);
                }
            }

            // A parent has a lower number than its child, so this ends.
            parent = parent.Parent < parent.Command ? Find(parent.Sandbox, parent.Parent) : null;
        }
    }

    private Life? Find(string sandbox, long command) =>
        running.TryGetValue((sandbox, command), out var life) || over.TryGetValue((sandbox, command), out life) ? life : null;

    private static string Name(CommandStarted start)
    {
        var name = Word(start.Executable);
        return name.Length <= LongestName ? name : name[..LongestName] + "…";
    }

    /// <summary>What its arguments name, as numbers: the words themselves are as long as the agent likes.</summary>
    private static int[] Words(CommandStarted start) =>
    [
        .. start.Arguments.SelectMany(argument => argument.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
            .Take(MostWords).Select(word => Word(word).GetHashCode(StringComparison.Ordinal)),
    ];

    private static string Word(string path) => path[(path.LastIndexOf('/') + 1)..];

    private sealed record Candidates(List<Life> Last, List<Life> All, IReadOnlyList<string> Names);

    private sealed record Life(string Sandbox, long Command, long Parent, string Name, int[] Words, long Seq, long Start)
    {
        public long End { get; init; } = long.MaxValue;

        public long ReplacedBy { get; init; }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} (command {Command} of {Sandbox})");
    }
}
