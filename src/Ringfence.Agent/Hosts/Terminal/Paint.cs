using System.Globalization;

namespace Ringfence.Agent.Hosts.Terminal;

internal enum ColourDepth
{
    None,
    Sixteen,
    TwoHundredFiftySix,
    True,
}

/// <summary>Gives text its look, in as many colours as the terminal has and its owner wants.</summary>
/// <param name="hasStyles">Bold and the like, which are no colours, but escape sequences.</param>
internal sealed class Paint(ColourDepth depth, bool hasStyles)
{
    private static readonly int[] Cube = [0, 95, 135, 175, 215, 255];

    public Theme Theme { get; set; } = Theme.Ansi;

    public static Paint For(Func<string, string?> environment)
    {
        var (term, exact) = (environment("TERM") ?? "", environment("COLORTERM"));

        var depth = environment("NO_COLOR") is { Length: > 0 } || term is "" or "dumb" ? ColourDepth.None
            : exact is "truecolor" or "24bit" || term.Contains("direct", StringComparison.Ordinal) ? ColourDepth.True
            : term.Contains("256", StringComparison.Ordinal) || term is "xterm-kitty" or "alacritty" ? ColourDepth.TwoHundredFiftySix : ColourDepth.Sixteen;

        return new Paint(depth, term is not ("" or "dumb"));
    }

    public string Bold(string text) => With("1", text);

    public string Quiet(string text) => Of(Role.Quiet, text);

    public string Accent(string text) => Of(Role.Accent, text);

    public string Warning(string text) => Of(Role.Warning, text);

    public string Error(string text) => Of(Role.Error, text);

    public string Of(Role role, string text) => With(Code(role), text);

    /// <summary>The numbers that switch the colour on; empty where there are no colours.</summary>
    public string Code(Role role) => depth switch
    {
        ColourDepth.None => role == Role.Quiet ? "2" : "",
        ColourDepth.TwoHundredFiftySix when Theme.Exact(role) is { } exact => string.Create(CultureInfo.InvariantCulture, $"38;5;{Nearest(exact)}"),
        ColourDepth.True when Theme.Exact(role) is { } exact =>
            string.Create(CultureInfo.InvariantCulture, $"38;2;{(exact >> 16) & 255};{(exact >> 8) & 255};{exact & 255}"),
        _ => Theme.Sixteen(role),
    };

    public string With(string codes, string text) => hasStyles && text.Length > 0 && codes.Length > 0 ? $"\e[{codes}m{text}\e[0m" : text;

    /// <summary>Of the 240 colours that every terminal shows alike, the one that is closest.</summary>
    public static int Nearest(uint rgb)
    {
        var (red, green, blue) = ((int)(rgb >> 16) & 255, (int)(rgb >> 8) & 255, (int)rgb & 255);
        int Step(int value) => Enumerable.Range(0, 6).MinBy(i => Math.Abs(Cube[i] - value));
        int Far(int r, int g, int b) => ((r - red) * (r - red)) + ((g - green) * (g - green)) + ((b - blue) * (b - blue));
        var (r, g, b) = (Step(red), Step(green), Step(blue));
        var grey = Math.Clamp((((red + green + blue) / 3) - 3) / 10, 0, 23);

        return Far(8 + (10 * grey), 8 + (10 * grey), 8 + (10 * grey)) < Far(Cube[r], Cube[g], Cube[b]) ? 232 + grey : 16 + (36 * r) + (6 * g) + b;
    }
}
