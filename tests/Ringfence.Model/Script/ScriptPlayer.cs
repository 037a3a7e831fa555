using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ringfence.Model;

/// <summary>Chooses the turn that answers a request. The only place that holds where each conversation stands.</summary>
internal sealed partial class ScriptPlayer(ModelScript script)
{
    private readonly Lock gate = new();
    private readonly Conversation[] conversations = [.. script.AllConversations];
    private readonly int[] given = new int[script.AllConversations.Count];

    /// <summary>Answers given so far, by conversation.</summary>
    public IReadOnlyDictionary<string, int> Given
    {
        get
        {
            lock (gate)
            {
                return conversations.Zip(given).ToDictionary(p => p.First.Name, p => p.Second);
            }
        }
    }

    /// <summary>Whether every turn was given. A conversation that repeats or goes by history counts once any of its turns was.</summary>
    public bool IsFinished
    {
        get
        {
            lock (gate)
            {
                return conversations.Zip(given).All(p => p.Second >= (p.First.Repeat || p.First.Position == TurnPosition.History ? 1 : Answers(p.First)));
            }
        }
    }

    public Choice Choose(ModelRequest request)
    {
        lock (gate)
        {
            var reasons = new List<string>();

            for (var i = 0; i < conversations.Length; i++)
            {
                var conversation = conversations[i];
                var captured = new Dictionary<string, string>();

                if (conversation.When?.Explain(request, captured) is { } other)
                {
                    reasons.Add($"{conversation.Name}: {other}");
                    continue;
                }

                var position = conversation.Position == TurnPosition.History ? request.AssistantMessages : given[i];

                if (conversation.Repeat)
                {
                    position %= Answers(conversation);
                }

                if (TurnAt(conversation, position) is not { } turn)
                {
                    reasons.Add($"{conversation.Name}: all {conversation.Turns.Count} turns are given");
                    continue;
                }

                if (turn.Require.Select(r => r.Explain(request, captured)).FirstOrDefault(e => e is not null) is { } missing)
                {
                    return new Choice(conversation.Name, position, null, $"Turn {position + 1} of conversation '{conversation.Name}': {missing}");
                }

                given[i]++;

                return new Choice(conversation.Name, position, Fill(turn, captured), null);
            }

            return new Choice(null, -1, null, $"No conversation of the script takes this request. {string.Join(". ", reasons)}");
        }
    }

    private static int Answers(Conversation conversation) => conversation.Turns.Sum(t => t.Times);

    private static Turn? TurnAt(Conversation conversation, int position)
    {
        foreach (var turn in conversation.Turns)
        {
            if (position < turn.Times)
            {
                return turn;
            }

            position -= turn.Times;
        }

        return null;
    }

    private static Turn Fill(Turn turn, Dictionary<string, string> captured) => captured.Count == 0 ? turn : turn with
    {
        Text = turn.Text is null ? null : Fill(turn.Text, captured),
        Calls = [.. turn.Calls.Select(c => c with { Input = (JsonObject?)Fill(c.Input, captured) })],
    };

    private static JsonNode? Fill(JsonNode? node, Dictionary<string, string> captured) => node switch
    {
        JsonObject map => new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, Fill(p.Value, captured)))),
        JsonArray list => new JsonArray([.. list.Select(n => Fill(n, captured))]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Fill(text, captured)),
        _ => node?.DeepClone(),
    };

    private static string Fill(string text, Dictionary<string, string> captured) =>
        Placeholder().Replace(text, m => captured.GetValueOrDefault(m.Groups[1].Value, m.Value));

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Placeholder();
}

/// <param name="Turn">Null when the request does not get one; then <paramref name="Mismatch"/> says why.</param>
internal sealed record Choice(string? Conversation, int Position, Turn? Turn, string? Mismatch);
