using System.Globalization;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The text that is being written: several lines, a cursor, a history. Large pastes stand as one word until they are sent.</summary>
internal sealed class LineEditor
{
    private const int LinesShownOfPaste = 6;
    private readonly List<string> history = [];
    private readonly Dictionary<string, string> pastes = new(StringComparer.Ordinal);
    private int at = -1;
    private string draft = "";

    public string Text { get; private set; } = "";

    /// <summary>In characters from the start.</summary>
    public int Cursor { get; private set; }

    public bool IsEmpty => Text.Length == 0;

    public void Set(string text)
    {
        Text = text;
        Cursor = text.Length;
    }

    public void Clear()
    {
        Set("");
        pastes.Clear();
        at = -1;
    }

    /// <summary>What was written, pastes in full; remembered in the history.</summary>
    public string Take()
    {
        var shown = Text;
        var full = pastes.Aggregate(shown, (t, p) => t.Replace(p.Key, p.Value, StringComparison.Ordinal));

        if (full.Trim().Length > 0 && (history.Count == 0 || history[^1] != full))
        {
            history.Add(full);
        }

        Clear();
        return full;
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
                Remove(WordBefore(), Cursor);
                break;

            case KeyKind.DeleteToStart:
                Remove(LineStart(), Cursor);
                break;

            case KeyKind.DeleteToEnd:
                Remove(Cursor, LineEnd());
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
        text = TextWidth.Safe(text);
        var lines = text.AsSpan().Count('\n') + 1;

        if (lines <= LinesShownOfPaste && text.Length < 1000)
        {
            Insert(text);
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"[Pasted text #{pastes.Count + 1}, {lines} lines]");
        pastes[name] = text;
        Insert(name);
    }

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

        if (history.Count == 0)
        {
            return;
        }

        draft = at < 0 ? Text : draft;
        var from = at < 0 ? history.Count : at;
        at = Math.Clamp(from + step, 0, history.Count);
        Set(at == history.Count ? draft : history[at]);
        at = at == history.Count ? -1 : at;
    }

    private void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
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
