using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>The model's plan. Kept here so that it survives compaction and can be shown.</summary>
internal sealed class TodoList
{
    public JsonArray Items { get; private set; } = [];

    public JsonArray Replace(JsonArray items)
    {
        var before = Items;
        Items = (JsonArray)items.DeepClone();
        return before;
    }
}
