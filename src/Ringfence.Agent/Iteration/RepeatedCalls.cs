using System.Text.Json.Nodes;

namespace Ringfence.Agent.Iteration;

/// <summary>Notices a model that makes the same calls with the same results again and again: first it is told, then it is stopped.</summary>
internal sealed class RepeatedCalls
{
    public const int TellsAfter = 3;
    public const int StopsAfter = 8;

    private string last = "";

    /// <summary>How often the same has now happened in a row.</summary>
    public int Count { get; private set; }

    public void Add(IEnumerable<JsonObject> uses, IEnumerable<JsonObject> results)
    {
        var now = string.Join('\n', uses.Select(u => u.Text("name") + u.Object("input")?.ToText())
            .Concat(results.Select(r => r["content"]?.ToText())));

        Count = now == last ? Count + 1 : 1;
        last = now;
    }
}
