namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Looks for an earlier prompt: typing narrows, Ctrl-R goes further back, Enter or Tab takes it, Esc leaves everything as it was.</summary>
internal sealed class HistorySearch(LineEditor editor)
{
    private string? wanted;
    private int skipped;

    public bool IsOpen => wanted is not null;

    public void Open()
    {
        (wanted, skipped) = ("", 0);
    }

    public void Handle(Key key)
    {
        switch (key.Kind)
        {
            case KeyKind.Text:
                (wanted, skipped) = (wanted + TextWidth.Safe(key.Text), 0);
                break;

            case KeyKind.Backspace:
                (wanted, skipped) = (wanted!.Length > 0 ? wanted[..^1] : "", 0);
                break;

            case KeyKind.Search or KeyKind.Up when Found(skipped + 1) is not null:
                skipped++;
                break;

            case KeyKind.Down:
                skipped = Math.Max(0, skipped - 1);
                break;

            case KeyKind.Enter or KeyKind.Tab or KeyKind.Right or KeyKind.End:
                if (Found(skipped) is { } found)
                {
                    editor.Set(found);
                }

                wanted = null;
                break;

            case KeyKind.Escape or KeyKind.Interrupt:
                wanted = null;
                break;
        }
    }

    public (string Label, string Match) Shown => ($"search: {wanted}", Found(skipped)?.Shown ?? (wanted is "" ? "" : "(nothing)"));

    private Written? Found(int skip) => editor.History.Prompts.Reverse().Where(p => p.Shown.Contains(wanted!, StringComparison.OrdinalIgnoreCase))
        .DistinctBy(p => p.Shown).Skip(skip).FirstOrDefault();
}
