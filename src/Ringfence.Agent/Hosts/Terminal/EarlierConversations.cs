using System.Globalization;
using Ringfence.Agent.Context;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The last conversations that were held in this directory, newest first, without the one that is held now and those in which nothing was said.</summary>
internal sealed class EarlierConversations
{
    private const int Most = 10;

    private readonly (string Id, DateTime Used, string First, int Prompts)[] recent;

    public EarlierConversations(SessionStore store, string current)
    {
        recent = [.. store.Recent().Where(id => id != current).Take(Most * 3).Select(id => Read(store.PathOf(id), id)).Where(c => c.Prompts > 0).Take(Most)];
    }

    /// <summary>The one that a number of <see cref="List"/> or a name stands for.</summary>
    public string Find(string which) =>
        int.TryParse(which, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= recent.Length ? recent[number - 1].Id : which;

    /// <summary>Each with a number, its age, how often something was asked, and the first words.</summary>
    public string List(int width, DateTimeOffset now, Paint paint)
    {
        var lines = recent.Select((c, i) =>
        {
            var facts = $"{Ago(now - c.Used),10}  {c.Prompts,3} {(c.Prompts == 1 ? "prompt " : "prompts")}";
            return $"{paint.Bold($"{i + 1,3}")}  {paint.Quiet(facts)}  {TextWidth.Cut(TextWidth.Safe(c.First).Replace('\n', ' '), Math.Max(10, width - facts.Length - 7))}";
        });

        return recent.Length == 0 ? "No earlier conversation here." : string.Join('\n', lines) + "\n" + paint.Quiet("/resume NUMBER goes on with it.");
    }

    /// <summary>The last words of a conversation, for whoever comes back to it.</summary>
    public static string End(Conversation conversation, int width, Paint paint)
    {
        var asked = conversation.Messages.LastOrDefault(m => m.Role == "user" && FirstText(m) is not null);
        var said = conversation.Messages.LastOrDefault(m => m.Role == "assistant" && FirstText(m) is not null);
        var answer = new StreamedAnswer(paint);
        answer.Add(said is null ? "" : FirstText(said)!);

        var prompts = conversation.Messages.Count(IsPrompt);

        return $"{paint.Quiet($"Going on with a conversation of {prompts} {(prompts == 1 ? "prompt" : "prompts")}. Its end:")}\n\n"
            + $"{paint.Accent("›")} {TextWidth.Cut(TextWidth.Safe(asked is null ? "" : FirstText(asked)!), width * 3)}\n\n{answer.End(width)}";
    }

    private static (string Id, DateTime Used, string First, int Prompts) Read(string path, string id)
    {
        var messages = TranscriptReader.Read(path, null).Restored?.Messages ?? [];
        var prompts = messages.Where(m => m.Role == "user" && Text(m.Content) is not null).ToArray();
        return (id, File.GetLastWriteTimeUtc(path), prompts.Length > 0 ? Text(prompts[0].Content)! : "", prompts.Length);
    }

    private static bool IsPrompt(Message message) => message.Role == "user" && FirstText(message) is not null;

    private static string? FirstText(Message message) => Text(message.Content);

    private static string? Text(System.Text.Json.Nodes.JsonArray content) => content.FirstOrDefault(b => b.Text("type") == "text" && b.Text("text") is { } text
        && !text.StartsWith("<system-reminder>", StringComparison.Ordinal) && !text.StartsWith("[Request interrupted", StringComparison.Ordinal)).Text("text");

    private static string Ago(TimeSpan age) => age.TotalMinutes < 1 ? "just now" : age.TotalHours < 1 ? $"{age.TotalMinutes:0} min ago"
        : age.TotalDays < 1 ? $"{age.TotalHours:0} h ago" : $"{age.TotalDays:0} d ago";
}
