using System.Text;

namespace Ringfence.Outputs;

/// <summary>Subject, body and trailers of a commit that Ringfence makes.</summary>
/// <param name="Subject">One line.</param>
/// <param name="Trailers">Such as <c>Ringfence-Run</c>; keys of letters, digits and hyphens, values of one line.</param>
public sealed record CommitMessage(string Subject, string? Body, IReadOnlyList<KeyValuePair<string, string>> Trailers)
{
    /// <summary>As git stores it. Line breaks inside subject and trailers become spaces, so that no value can forge another trailer.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(OneLine(Subject)).Append('\n');

        if (!string.IsNullOrWhiteSpace(Body))
        {
            text.Append('\n').Append(Body.ReplaceLineEndings("\n").Trim('\n')).Append('\n');
        }

        if (Trailers.Count > 0)
        {
            text.Append('\n');
        }

        foreach (var (key, value) in Trailers)
        {
            text.Append(key).Append(": ").Append(OneLine(value)).Append('\n');
        }

        return text.ToString();
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace('\0', ' ').Trim();
}
