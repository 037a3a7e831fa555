namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Where a person writes: the text, what could be meant, and the search for what was written before.</summary>
internal sealed class PromptBox
{
    private readonly Paint paint;
    private readonly HistorySearch search;

    public PromptBox(PromptHistory history, Paint paint)
    {
        this.paint = paint;
        Editor = new LineEditor(history);
        Suggestions = new Suggestions(Editor);
        search = new HistorySearch(Editor);
    }

    public LineEditor Editor { get; }

    public Suggestions Suggestions { get; }

    /// <returns>False when the key means something beyond the text.</returns>
    public bool Handle(Key key)
    {
        if (search.IsOpen)
        {
            search.Handle(key);
            return key.Kind is not (KeyKind.Suspend or KeyKind.Redraw);
        }

        if (Suggestions.IsOpen && HandleSuggestion(key))
        {
            return true;
        }

        switch (key.Kind)
        {
            case KeyKind.Search:
                search.Open();
                return true;

            // A backslash before Enter begins a line in every terminal, whatever its keys can tell.
            case KeyKind.Enter when Editor.Cursor > 0 && Editor.Text[Editor.Cursor - 1] == '\\':
                Editor.Apply(new Key(KeyKind.Backspace));
                Editor.Apply(new Key(KeyKind.NewLine));
                return true;

            case KeyKind.Enter or KeyKind.Escape or KeyKind.Interrupt or KeyKind.Suspend or KeyKind.Redraw or KeyKind.NextMode or KeyKind.Editor or KeyKind.Expand:
            case KeyKind.EndOfInput when Editor.IsEmpty:
            case KeyKind.Report or KeyKind.FocusIn or KeyKind.FocusOut:
                return false;

            case KeyKind.EndOfInput:
                Editor.Apply(new Key(KeyKind.Delete));
                return true;

            default:
                Editor.Apply(key);
                return true;
        }
    }

    /// <summary>The rows, and where in them the cursor stands.</summary>
    /// <param name="most">Rows of text at most; what is shown follows the cursor.</param>
    public (List<string> Rows, int CursorRow, int CursorColumn) Render(int width, int most)
    {
        if (search.IsOpen)
        {
            var (label, match) = search.Shown;
            var room = Math.Max(10, width - 6 - TextWidth.Of(label));
            return ([$"{paint.Accent(label)} › {paint.Quiet(TextWidth.Cut(match.Replace('\n', ' '), room))}"], 0, Math.Min(width - 1, TextWidth.Of(label)));
        }

        var isCommand = Editor.Text.StartsWith('!');
        var rows = TextWidth.Wrap(Editor.Text, width - 3);
        var before = TextWidth.Wrap(Editor.Text[..Editor.Cursor], width - 3);
        var (cursorRow, cursorColumn) = (before.Count - 1, 2 + TextWidth.Of(before[^1]));
        var first = Math.Clamp(cursorRow - most + 1, 0, Math.Max(0, rows.Count - most));

        var shown = rows.Skip(first).Take(most)
            .Select((r, i) => (i + first == 0 ? isCommand ? paint.Warning("! ") : paint.Accent("› ") : "  ") + (isCommand && i + first == 0 ? r[1..] : r)).ToList();

        return (shown, cursorRow - first, isCommand && cursorRow == 0 ? Math.Max(2, cursorColumn - 1) : cursorColumn);
    }

    private bool HandleSuggestion(Key key)
    {
        switch (key.Kind)
        {
            case KeyKind.Up or KeyKind.Down:
                Suggestions.Move(key.Kind == KeyKind.Up ? -1 : 1);
                return true;

            case KeyKind.Tab:
                Suggestions.Accept();
                return true;

            case KeyKind.Enter:
                // A command is done with the Enter that chose it.
                Suggestions.Accept();
                return !Editor.Text.StartsWith('/');

            case KeyKind.Escape:
                Suggestions.Close();
                return true;

            default:
                return false;
        }
    }
}
