using System.Globalization;
using Ringfence.Agent.Context;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The last conversations that were held in this directory, newest first, without the one that is held now.</summary>
internal sealed class EarlierConversations(SessionStore store, string current)
{
    private const int Most = 10;

    private readonly string[] recent = [.. store.Recent().Where(id => id != current).Take(Most)];

    /// <summary>The one that a number of <see cref="List"/> or a name stands for.</summary>
    public string Find(string which) =>
        int.TryParse(which, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= recent.Length ? recent[number - 1] : which;

    /// <summary>Each with a number and its first words.</summary>
    public string List(int width, Paint paint)
    {
        var lines = recent.Select((id, i) =>
        {
            var first = TranscriptReader.Read(store.PathOf(id), null).Restored?.Messages.FirstOrDefault(m => m.Role == "user").Content?.FirstOrDefault(b => b.Text("type") == "text");
            return $"{i + 1,3}  {TextWidth.Cut(TextWidth.Safe(first.Text("text") ?? "(empty)"), width - 6)}";
        });

        return recent.Length == 0 ? "No earlier conversation here." : string.Join('\n', lines) + "\n" + paint.Dim("/resume NUMBER goes on with it.");
    }
}
