using System.Text;

namespace Ringfence.Runs;

/// <summary>
/// The words by which a run is found: letters and digits in lower case, each once. Of <c>AuthService</c> there are three: the whole and its parts. A word of
/// three letters or more finds whatever begins with it; a shorter one only itself.
/// </summary>
public static class SearchWords
{
    /// <summary>From here on a word stands for all that begin with it: what begins with one letter is nearly everything.</summary>
    public const int ShortestBeginning = 3;

    /// <summary>So much of the prompt counts.</summary>
    public const int MostCharacters = 2000;

    private const int LongestWord = 64;

    /// <summary>The words of a new run, with a space between.</summary>
    public static string Of(RunRequest request)
    {
        var prompt = request.Prompt.Length > MostCharacters ? request.Prompt[..MostCharacters] : request.Prompt;
        return string.Join(' ', Split($"{prompt} {request.Repository} {request.Workflow}", parts: true));
    }

    /// <summary>What somebody looks for; all of them must be found.</summary>
    public static IReadOnlyList<string> Parse(string text) => [.. Split(text, parts: false)];

    private static HashSet<string> Split(string text, bool parts)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var (word, part) = (new StringBuilder(), new StringBuilder());
        var before = new Rune(' ');

        foreach (var rune in (text + " ").EnumerateRunes())
        {
            var ends = !Rune.IsLetterOrDigit(rune);

            if (ends || (Rune.IsUpper(rune) && Rune.IsLower(before)))
            {
                Add(found, part, parts);
            }

            if (ends)
            {
                Add(found, word, isWanted: true);
            }
            else
            {
                var lower = Rune.ToLowerInvariant(rune).ToString();
                word.Append(lower);
                part.Append(lower);
            }

            before = rune;
        }

        return found;
    }

    private static void Add(HashSet<string> found, StringBuilder word, bool isWanted)
    {
        if (isWanted && word.Length > 0)
        {
            found.Add(word.ToString(0, Math.Min(word.Length, LongestWord)));
        }

        word.Clear();
    }
}
