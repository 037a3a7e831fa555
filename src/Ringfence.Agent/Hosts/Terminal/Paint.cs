namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The terminal's own sixteen colours, so that light and dark both look right; none when nobody wants them.</summary>
internal sealed class Paint(bool isOn)
{
    public string Bold(string text) => With("1", text);

    public string Dim(string text) => With("2", text);

    public string Italic(string text) => With("3", text);

    public string Red(string text) => With("31", text);

    public string Green(string text) => With("32", text);

    public string Yellow(string text) => With("33", text);

    public string Blue(string text) => With("34", text);

    public string Cyan(string text) => With("36", text);

    private string With(string code, string text) => isOn && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;
}
