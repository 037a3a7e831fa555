using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Models;

namespace Ringfence.Agent.Context;

/// <summary>
/// Makes a conversation short enough to go on. What the user said stays word for word, what the project's people wrote is in the system prompt and
/// is never touched, the model tells the rest in short, and what was left out is said.
/// </summary>
internal static class Compaction
{
    private const int MostUserCharacters = 40_000;
    private const int MostResultCharacters = 1500;

    private const string Ask =
        """
        The conversation has become too long and will be replaced by your summary. Write what is needed to go on without it:
        what was decided and why, what was done in which files (with paths, names and short excerpts of code that matter), what was tried and failed and with
        which message, the state of the checks, and the exact next step. Do not repeat the user's own words, they are kept. Do not call tools.
        """;

    /// <summary>The conversation fills so much of the window that the next answer might not fit.</summary>
    public static bool IsDue(AgentSession session)
    {
        var price = PriceTable.Of(session.Model);
        var room = Math.Min(Math.Max(price.MaxOutput / 2, 8_000), price.ContextWindow / 4);
        return session.Conversation.Messages.Count > 2 && session.Conversation.Tokens > price.ContextWindow - room;
    }

    /// <param name="trigger"><c>auto</c> or <c>manual</c>.</param>
    /// <param name="wish">What the user wants kept.</param>
    public static async Task RunAsync(AgentSession session, string trigger, string? wish, Func<ModelRequest, CancellationToken, Task<ModelAnswer?>> ask, CancellationToken cancellationToken)
    {
        await session.Hooks.RunAsync(session, "PreCompact", trigger, new JsonObject { ["trigger"] = trigger, ["custom_instructions"] = wish ?? "" }, null, cancellationToken);
        var before = session.Conversation.Tokens;
        var messages = session.Conversation.Messages.ToList();
        var kept = Tail(messages);
        var gone = messages[..^kept.Count];
        var answer = gone.Count > 0 ? await ask(Request(session, gone, wish), cancellationToken) : null;
        var told = answer is ModelAnswer.Replied { Reply.Text: { Length: > 0 } text } ? text : "(The model gave no summary.)";
        var dropped = Dropped(session, gone);
        var summary = Summary(session, gone, told, dropped);
        session.Conversation.Replace([Message.User(summary), .. kept]);
        session.Workplace.Files.Forget();
        session.Report(new AgentReport.Compacted(trigger, before, summary, dropped, kept.Count));
    }

    /// <summary>The last exchange, which the next step builds on: an assistant's calls with their results, or the prompt just given.</summary>
    private static List<Message> Tail(List<Message> messages)
    {
        var start = messages is [.., { Role: "assistant" }, { Role: "user" }] && messages[^1].Content.Any(b => b.Text("type") == "tool_result") ? messages.Count - 2
            : messages is [.., { Role: "user" }] ? messages.Count - 1 : messages.Count;

        var tail = messages[start..];
        return tail.Sum(m => m.Length) > 200_000 ? [] : tail;
    }

    private static ModelRequest Request(AgentSession session, List<Message> gone, string? wish)
    {
        var shortened = gone.Select(m => new Message(m.Role, Shorten(m.Content))).ToList();
        var ask = Json.TextBlock(wish is { Length: > 0 } ? $"{Ask}\nThe user wants kept above all: {wish}" : Ask);

        if (shortened is [.., { Role: "user" } last])
        {
            shortened[^1] = new Message("user", [.. last.Content.Select(b => b?.DeepClone()), ask]);
        }
        else
        {
            shortened.Add(new Message("user", [ask]));
        }

        return new ModelRequest
        {
            Model = session.Model, MaxTokens = 8000, System = session.System.Blocks, Tools = session.DescribeTools(), Messages = shortened, SessionId = session.Id,
        };
    }

    private static JsonArray Shorten(JsonArray content)
    {
        var copy = (JsonArray)content.DeepClone();

        foreach (var block in copy.OfType<JsonObject>().Where(b => b.Text("type") == "tool_result"))
        {
            var text = block["content"] is JsonArray parts ? string.Join('\n', parts.Select(p => p.Text("text") ?? $"[{p.Text("type")}]")) : block["content"]?.ToString() ?? "";
            block["content"] = text.Length > MostResultCharacters ? $"{text[..MostResultCharacters]}\n[{text.Length - MostResultCharacters} more characters]" : text;
        }

        return copy;
    }

    private static string Summary(AgentSession session, List<Message> gone, string told, string dropped)
    {
        var text = new StringBuilder("<conversation-summary>\nThe conversation was shortened here.\n\n<user-said>\n");
        var said = gone.Where(m => m.Role == "user").SelectMany(m => m.Content).Where(b => b.Text("type") == "text").Select(b => b.Text("text")!).ToList();

        // What an earlier shortening kept is kept again; its frame is not nested.
        foreach (var words in said)
        {
            var body = words.StartsWith("<conversation-summary>", StringComparison.Ordinal) ? Between(words, "<user-said>\n", "\n</user-said>") : words;
            text.Append(text.Length + body.Length > MostUserCharacters ? body[..Math.Max(0, Math.Min(body.Length, MostUserCharacters - text.Length))] + "\n[cut here: too long]" : body).Append('\n');
        }

        text.Append("</user-said>\n\n");

        if (session.Workplace.Todos.Items.Count > 0)
        {
            text.Append("<todo>\n").Append(session.Workplace.Todos.Items.ToText()).Append("\n</todo>\n\n");
        }

        text.Append("<what-happened>\n").Append(told.Trim()).Append("\n</what-happened>\n\n").Append("<left-out>\n").Append(dropped).Append("\n</left-out>\n</conversation-summary>");
        return text.ToString();
    }

    private static string Dropped(AgentSession session, List<Message> gone)
    {
        var calls = gone.SelectMany(m => m.Content).Where(b => b.Text("type") == "tool_use").GroupBy(b => b.Text("name"))
            .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key} {g.Count()}")).ToArray();
        var files = session.Workplace.Files.Paths.Order(StringComparer.Ordinal).Take(50).ToArray();

        return $"{gone.Count} messages{(calls.Length > 0 ? $" with the results of these calls: {string.Join(", ", calls)}" : "")}."
            + (files.Length > 0 ? $" Files that had been read, to be read again before they are edited: {string.Join(", ", files)}." : "");
    }

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal);
        var to = text.IndexOf(end, StringComparison.Ordinal);
        return from >= 0 && to > from ? text[(from + start.Length)..to] : text;
    }
}
