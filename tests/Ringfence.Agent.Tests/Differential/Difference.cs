using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Ringfence.Agent.Tools;

namespace Ringfence.Tests.Differential;

/// <summary>Sentences that hold for one program and not for the other: <c>- </c> for Claude Code's, <c>+ </c> for ours.</summary>
internal sealed record Difference(string Conversation, string Text, string Because, bool IsAlwaysThere)
{
    /// <summary>One a line: conversation, difference, the first cell of the row in the documentation that tells of it. <c>*</c> stands for anything.</summary>
    public static IReadOnlyList<Difference> Intended { get; } =
        [.. File.ReadLines(Path.Combine(Here(), "intended.txt")).Where(l => l.Length > 0 && l[0] != '#')
            .Select(l => (Words: l.TrimStart('?', ' ').Split(" | ", 3), IsAlwaysThere: l[0] != '?')).Select(l => new Difference(l.Words[0], l.Words[1], l.Words[2], l.IsAlwaysThere))];

    private static readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyList<string>>>> Found = new(StringComparer.Ordinal);

    /// <summary>All differences in a conversation, which both programs have once however often this is asked.</summary>
    public static Task<IReadOnlyList<string>> OfAsync(string conversation) => Found.GetOrAdd(conversation, name => new(() => FindAsync(name))).Value;

    private static async Task<IReadOnlyList<string>> FindAsync(string name)
    {
        var conversation = Conversations.All.Single(c => c.Name == name);
        var (theirs, ours) = (Outcome.OfAsync(conversation, ofClaudeCode: true), Outcome.OfAsync(conversation, ofClaudeCode: false));
        return [.. Between(await theirs, await ours)];
    }

    private static IEnumerable<string> Between(Outcome theirs, Outcome ours)
    {
        var (a, b) = (Shape.Of(theirs), Shape.Of(ours));
        var order = LineDiff.Compute(string.Join('\n', Shape.Order(theirs)) + "\n", string.Join('\n', Shape.Order(ours)) + "\n").SelectMany(h => h.Lines).Where(l => l[0] != ' ');
        var moved = order.Select(l => $"{l[0]} event {l[1..]}").Distinct().ToArray();

        // Of an event that only one of them has, its fields are no news.
        static IEnumerable<string> News(IReadOnlyList<string> sentences, IReadOnlyList<string> other, Outcome without) =>
            sentences.Except(other).Where(s => !s.StartsWith("keys ", StringComparison.Ordinal) || Shape.Order(without).Any(o => s.StartsWith($"keys {o}:", StringComparison.Ordinal)));

        return [.. moved, .. News(a, b, ours).Select(s => "- " + s), .. News(b, a, theirs).Select(s => "+ " + s)];
    }

    public bool Covers(string conversation, string difference) => Fits(Conversation, conversation) && Fits(Text, difference);

    private static bool Fits(string pattern, string text) => Regex.IsMatch(text, $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$", RegexOptions.Singleline | RegexOptions.CultureInvariant);

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
