using System.Text;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What the model is saying: whole lines are finished and go up, the rest is shown as it grows.</summary>
internal sealed class StreamedAnswer(Paint paint)
{
    // One that is longer is no prose; to lay it out anew for every frame would cost more than it shows.
    private const int LongestShown = 16 * 1024;

    private readonly Markdown markdown = new(paint);
    private readonly StringBuilder partial = new();
    private readonly StringBuilder whole = new();

    public bool IsEmpty => whole.Length == 0;

    /// <summary>As the model wrote it.</summary>
    public string Source => whole.ToString();

    public void Add(string delta)
    {
        partial.Append(delta);
        whole.Append(delta);
    }

    /// <summary>The lines that are finished since it was asked last; null when there are none.</summary>
    public string? Take(int width)
    {
        var text = partial.ToString();
        var end = text.LastIndexOf('\n');

        if (end < 0)
        {
            return null;
        }

        partial.Remove(0, end + 1);
        return Join(text[..end].Split('\n').Select(l => markdown.Add(l, width)));
    }

    /// <summary>All that is left, and an end.</summary>
    public string? End(int width)
    {
        var rest = Join([Take(width), partial.Length > 0 ? markdown.Add(partial.ToString(), width) : null, markdown.Flush(width)]);
        Drop();
        return rest;
    }

    /// <summary>It begins anew: what was half said before does not count.</summary>
    public void Drop()
    {
        partial.Clear();
        whole.Clear();
        markdown.Reset();
    }

    public List<string> Preview(int width) => markdown.Preview(partial.Length > LongestShown ? partial.ToString(partial.Length - LongestShown, LongestShown) : partial.ToString(), width);

    private static string? Join(IEnumerable<string?> parts) => parts.OfType<string>().ToArray() is { Length: > 0 } finished ? string.Join('\n', finished) : null;
}
