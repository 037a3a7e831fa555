namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What a colour is for. The theme says which one it is.</summary>
internal enum Role
{
    Quiet,
    Accent,
    Code,
    Added,
    Removed,
    Warning,
    Error,
    Keyword,
    Literal,
}

/// <summary>Colours that can be read on their background. Which lines of a difference came and went is told by their signs, too.</summary>
internal sealed class Theme
{
    public const string Auto = "auto";

    private readonly string[] sixteen;
    private readonly uint[]? exact;

    private Theme(string name, string description, string[] sixteen, uint[]? exact)
    {
        (Name, Description, this.sixteen, this.exact) = (name, description, sixteen, exact);
    }

    // Quiet, Accent, Code, Added, Removed, Warning, Error, Keyword, Literal.
    private static readonly string[] Usual = ["2", "34", "36", "32", "31", "33", "31", "35", "36"];
    private static readonly string[] Safe = ["2", "34", "36", "34", "33", "33", "31", "35", "36"];

    /// <summary>The terminal's own sixteen colours: right wherever its owner has chosen them, and while nothing is known of the background.</summary>
    public static readonly Theme Ansi = new("ansi", "the terminal's own sixteen colours", Usual, null);

    public static readonly Theme Dark = new("dark", "for a dark background", Usual,
        [0x9a9fa6, 0x79b8ff, 0x8bd5ca, 0x7ee787, 0xff9790, 0xe3b341, 0xff7b72, 0xd2a8ff, 0xa5d6ff]);

    public static readonly Theme Light = new("light", "for a light background", Usual,
        [0x5c636b, 0x0550ae, 0x0b6666, 0x0f5c26, 0xb3261e, 0x744700, 0xb3261e, 0x6f42c1, 0x0a3069]);

    // Blue and orange are told apart by nearly everyone.
    public static readonly IReadOnlyList<Theme> All =
    [
        Dark, Light,
        new("dark-daltonized", "dark, added blue and removed orange", Safe, [0x9a9fa6, 0x79b8ff, 0x8bd5ca, 0x79c0ff, 0xffa657, 0xe3b341, 0xff7b72, 0xd2a8ff, 0xa5d6ff]),
        new("light-daltonized", "light, added blue and removed orange", Safe, [0x5c636b, 0x0550ae, 0x0b6666, 0x0550ae, 0x953800, 0x744700, 0xb3261e, 0x6f42c1, 0x0a3069]),
        Ansi,
    ];

    public string Name { get; }

    public string Description { get; }

    public static IEnumerable<string> Names => [Auto, .. All.Select(t => t.Name)];

    /// <param name="name">Claude Code's two names for the terminal's own colours are understood, too.</param>
    public static Theme? Find(string? name) => name is "dark-ansi" or "light-ansi" ? Ansi : All.FirstOrDefault(t => t.Name == name);

    /// <summary>Red, green and blue in one number; null where the terminal's own colour is meant.</summary>
    public uint? Exact(Role role) => exact?[(int)role];

    public string Sixteen(Role role) => sixteen[(int)role];
}
