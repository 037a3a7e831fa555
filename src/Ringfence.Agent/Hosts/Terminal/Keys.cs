namespace Ringfence.Agent.Hosts.Terminal;

internal enum KeyKind
{
    Text,
    Paste,
    Enter,
    NewLine,
    Tab,
    Backspace,
    Delete,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    Yank,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Home,
    End,
    Escape,
    Interrupt,
    EndOfInput,
    Suspend,
    Redraw,
    NextMode,
    Search,
    Editor,
    Expand,

    /// <summary>The terminal answers or tells something; nobody typed it.</summary>
    Report,
    FocusIn,
    FocusOut,
    Unknown,
}

internal readonly record struct Key(KeyKind Kind, string Text = "");
