using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What could be meant while a command or the name of a file is being written. The best stands first.</summary>
internal sealed class Suggestions(LineEditor editor)
{
    private const int MostShown = 12;
    private const int MostFiles = 50_000;

    private string root = Directory.GetCurrentDirectory();
    private Task<string[]>? files;
    private IReadOnlyList<(string Text, string Description)> found = [];
    private string foundFor = "";
    private string? closedFor;
    private int chosen;

    public bool IsOpen => Find().Count > 0;

    /// <summary>Called when the files have become known.</summary>
    public Action? Ready { get; set; }

    /// <summary>Files are looked up anew: some may have come.</summary>
    public void LookIn(string directory)
    {
        (root, files) = (directory, null);
    }

    public void Close() => closedFor = editor.Text;

    public void Move(int step) => chosen = Find().Count is > 0 and var count ? (chosen + step + count) % count : 0;

    /// <summary>Puts what is chosen in the place of what was written.</summary>
    public void Accept()
    {
        var text = Find()[chosen].Text;
        editor.Replace(Start(), text + (text.EndsWith('/') ? "" : " "));
        closedFor = text.EndsWith('/') ? null : editor.Text;
    }

    public IEnumerable<string> Rows(int width, Paint paint)
    {
        var all = Find();
        var first = Math.Clamp(chosen - MostShown + 1, 0, Math.Max(0, all.Count - MostShown));
        var shown = all.Skip(first).Take(MostShown).ToArray();
        var column = Math.Min(width / 2, shown.Select(s => TextWidth.Of(s.Text)).DefaultIfEmpty().Max() + 2);

        return shown.Select((s, i) =>
        {
            var name = TextWidth.Cut(s.Text, s.Description.Length == 0 ? width - 3 : column);
            var text = name + new string(' ', Math.Max(1, column - TextWidth.Of(name)));
            var described = TextWidth.Cut(s.Description, Math.Max(1, width - TextWidth.Of(text) - 3));
            return i + first == chosen ? $"{paint.Accent("▸ ")}{paint.Bold(text.TrimEnd())}{new string(' ', text.Length - text.TrimEnd().Length)}{paint.Quiet(described)}" : $"  {text}{paint.Quiet(described)}".TrimEnd();
        });
    }

    private IReadOnlyList<(string Text, string Description)> Find()
    {
        var key = $"{editor.Cursor}\n{editor.Text}";

        if (editor.Text == closedFor || editor.IsEmpty)
        {
            return [];
        }

        if (key != foundFor || (files is { IsCompleted: true } && found.Count == 0))
        {
            (found, foundFor) = (Look(), key);
            chosen = 0;
        }

        return found;
    }

    private (string, string)[] Look()
    {
        var word = editor.Text[Start()..editor.Cursor];

        if (word.StartsWith('/') && Start() == 0 && !editor.Text.Contains('\n'))
        {
            return [.. SlashCommands.All.Where(c => c.Name.StartsWith(word, StringComparison.Ordinal)).Select(c => (c.Name, c.Description))];
        }

        if (!word.StartsWith('@'))
        {
            return [];
        }

        files ??= Begin();
        return files.IsCompletedSuccessfully ? [.. Best(files.Result, word[1..]).Select(f => ("@" + f, ""))] : [];
    }

    private Task<string[]> Begin()
    {
        var listing = Task.Run(() => List(root));
        _ = listing.ContinueWith(_ => Ready?.Invoke(), TaskScheduler.Default);
        return listing;
    }

    /// <summary>Names that begin so first, then those that hold it, then those that hold its letters in this order; the shortest of each first.</summary>
    internal static IEnumerable<string> Best(IEnumerable<string> names, string wanted)
    {
        int? Rank(string name) => Path.GetFileName(name.TrimEnd('/')).StartsWith(wanted, StringComparison.OrdinalIgnoreCase) || name.StartsWith(wanted, StringComparison.OrdinalIgnoreCase) ? 0
            : name.Contains(wanted, StringComparison.OrdinalIgnoreCase) ? 1 : HasInOrder(name, wanted) ? 2 : null;

        return names.Select(n => (Name: n, Rank: Rank(n))).Where(n => n.Rank is not null).OrderBy(n => n.Rank).ThenBy(n => n.Name.Length)
            .ThenBy(n => n.Name, StringComparer.Ordinal).Take(50).Select(n => n.Name);
    }

    private static bool HasInOrder(string name, string wanted)
    {
        var at = 0;

        foreach (var c in name)
        {
            at += at < wanted.Length && char.ToLowerInvariant(c) == char.ToLowerInvariant(wanted[at]) ? 1 : 0;
        }

        return at == wanted.Length;
    }

    private static string[] List(string directory)
    {
        var names = new System.Collections.Concurrent.ConcurrentDictionary<string, byte>(StringComparer.Ordinal);

        try
        {
            FileWalk.Visit(directory, path =>
            {
                var name = Path.GetRelativePath(directory, path);

                if (names.Count < MostFiles && TextWidth.Safe(name) == name)
                {
                    names.TryAdd(name, 0);

                    for (var folder = Path.GetDirectoryName(name); folder is { Length: > 0 } && names.TryAdd(folder + "/", 0); folder = Path.GetDirectoryName(folder))
                    {
                    }
                }
            }, CancellationToken.None);
        }
        catch (AggregateException)
        {
            // What was found until then is better than nothing.
        }

        return [.. names.Keys];
    }

    private int Start()
    {
        var at = editor.Cursor;

        while (at > 0 && !char.IsWhiteSpace(editor.Text[at - 1]))
        {
            at--;
        }

        return at;
    }
}
