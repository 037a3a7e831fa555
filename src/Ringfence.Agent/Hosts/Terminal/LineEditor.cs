using System.Globalization;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The text that is being written: several lines, a cursor, earlier prompts. Large pastes and images stand as one word until they are sent.</summary>
internal sealed class LineEditor(PromptHistory? earlier = null)
{
    private const int LinesShownOfPaste = 6;
    private const int LongestShownOfPaste = 1000;

    private static readonly string[] ImageTypes = [".png", ".jpg", ".jpeg", ".gif", ".webp"];

    private readonly PromptHistory history = earlier ?? new PromptHistory();
    private readonly Dictionary<string, string> pastes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> images = new(StringComparer.Ordinal);
    private int at = -1;
    private Written? draft;
    private string removed = "";

    public string Text { get; private set; } = "";

    /// <summary>In characters from the start.</summary>
    public int Cursor { get; private set; }

    public bool IsEmpty => Text.Length == 0;

    public PromptHistory History => history;

    public void Set(string text)
    {
        Text = text;
        Cursor = text.Length;
    }

    /// <summary>Another wording; what was pasted stays behind its names.</summary>
    public void Change(string text) => Set(TextWidth.Safe(text));

    public void Set(Written written)
    {
        Clear();
        Set(written.Shown);

        foreach (var (name, text) in written.Pastes)
        {
            pastes[name] = text;
        }

        foreach (var (name, file) in written.Images)
        {
            images[name] = file;
        }
    }

    public void Clear()
    {
        Set("");
        pastes.Clear();
        images.Clear();
        at = -1;
    }

    /// <summary>What was written; remembered.</summary>
    public Written Take()
    {
        var written = Now();
        history.Add(written);
        Clear();
        return written;
    }

    /// <summary>Puts <paramref name="text"/> in the place of what stands between there and the cursor.</summary>
    public void Replace(int from, string text)
    {
        Remove(from, Cursor);
        Insert(text);
    }

    public void Apply(Key key)
    {
        switch (key.Kind)
        {
            case KeyKind.Text:
                Insert(TextWidth.Safe(key.Text));
                break;

            case KeyKind.NewLine:
                Insert("\n");
                break;

            case KeyKind.Paste:
                Paste(key.Text);
                break;

            case KeyKind.Backspace when Cursor > 0:
                Remove(Before(Cursor), Cursor);
                break;

            case KeyKind.Delete when Cursor < Text.Length:
                Remove(Cursor, After(Cursor));
                break;

            case KeyKind.DeleteWord:
                Cut(WordBefore(), Cursor);
                break;

            case KeyKind.DeleteToStart:
                Cut(LineStart(), Cursor);
                break;

            case KeyKind.DeleteToEnd:
                Cut(Cursor, LineEnd() > Cursor ? LineEnd() : Math.Min(Text.Length, Cursor + 1));
                break;

            case KeyKind.Yank:
                Insert(removed);
                break;

            case KeyKind.Left when Cursor > 0:
                Cursor = Before(Cursor);
                break;

            case KeyKind.Right when Cursor < Text.Length:
                Cursor = After(Cursor);
                break;

            case KeyKind.WordLeft:
                Cursor = WordBefore();
                break;

            case KeyKind.WordRight:
                while (Cursor < Text.Length && char.IsWhiteSpace(Text[Cursor]))
                {
                    Cursor++;
                }

                while (Cursor < Text.Length && !char.IsWhiteSpace(Text[Cursor]))
                {
                    Cursor++;
                }

                break;

            case KeyKind.Home:
                Cursor = LineStart();
                break;

            case KeyKind.End:
                Cursor = LineEnd();
                break;

            case KeyKind.Up:
                Vertical(-1);
                break;

            case KeyKind.Down:
                Vertical(1);
                break;
        }
    }

    private void Paste(string text)
    {
        if (ImageFile(text) is { } image)
        {
            var shown = string.Create(CultureInfo.InvariantCulture, $"[Image #{images.Count + 1} {Path.GetFileName(image)}]");
            images[shown] = image;
            Insert(shown + " ");
            return;
        }

        text = TextWidth.Safe(text);
        var lines = text.AsSpan().Count('\n') + 1;

        if (lines <= LinesShownOfPaste && text.Length < LongestShownOfPaste)
        {
            Insert(text);
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"[Pasted text #{pastes.Count + 1}, {(lines > 1 ? $"{lines} lines" : $"{text.Length} characters")}]");
        pastes[name] = text;
        Insert(name);
    }

    /// <summary>The image that a pasted path names: dragged into a terminal, files come as one, quoted as for a shell.</summary>
    private static string? ImageFile(string pasted)
    {
        var path = pasted.Trim();

        if (path.Length is 0 or > 4096 || path.Contains('\n'))
        {
            return null;
        }

        path = path is ['\'', .. var single, '\''] ? single : path is ['"', .. var twice, '"'] ? twice : path.Replace("\\", "", StringComparison.Ordinal);
        path = path.StartsWith("file://", StringComparison.Ordinal) ? Uri.UnescapeDataString(path[7..]) : path;
        return ImageTypes.Any(t => path.EndsWith(t, StringComparison.OrdinalIgnoreCase)) && File.Exists(path) ? Path.GetFullPath(path) : null;
    }

    private Written Now() => new(Text, InUse(pastes), InUse(images));

    private Dictionary<string, string> InUse(Dictionary<string, string> named) => named.Where(p => Text.Contains(p.Key, StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);

    private void Vertical(int step)
    {
        var target = step < 0 ? LineStart() - 1 : LineEnd() + 1;

        if (target >= 0 && target <= Text.Length)
        {
            var column = Cursor - LineStart();
            Cursor = target;
            Cursor = Math.Min(LineStart() + column, LineEnd());
            return;
        }

        if (history.Prompts.Count == 0)
        {
            return;
        }

        draft = at < 0 ? Now() : draft;
        var from = at < 0 ? history.Prompts.Count : at;
        var to = Math.Clamp(from + step, 0, history.Prompts.Count);
        Set(to == history.Prompts.Count ? draft! : history.Prompts[to]);
        at = to == history.Prompts.Count ? -1 : to;
    }

    private void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    private void Cut(int from, int to)
    {
        removed = from < to ? Text[from..to] : removed;
        Remove(from, to);
    }

    private void Remove(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    // By what a person sees as one character, combining marks and joined emoji included.
    private int Before(int position)
    {
        var starts = StringInfo.ParseCombiningCharacters(Text);
        return starts.Last(s => s < position);
    }

    private int After(int position) => position + StringInfo.GetNextTextElementLength(Text.AsSpan(position));

    private int WordBefore()
    {
        var position = Cursor;

        while (position > 0 && char.IsWhiteSpace(Text[position - 1]))
        {
            position--;
        }

        while (position > 0 && !char.IsWhiteSpace(Text[position - 1]))
        {
            position--;
        }

        return position;
    }

    private int LineStart() => Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1;

    private int LineEnd() => Text.IndexOf('\n', Cursor) is >= 0 and var end ? end : Text.Length;
}
