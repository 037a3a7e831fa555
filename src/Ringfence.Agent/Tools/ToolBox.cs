using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>The tools of a session, by name, in the order in which the model is told of them.</summary>
internal sealed class ToolBox
{
    // Replaced and never changed: servers come and go while a turn goes on.
    private volatile Content content = new([]);

    private sealed record Content(Tool[] Tools)
    {
        public Lazy<JsonArray> Description { get; } = new(() => [.. Tools.Select(t => t.ToJson())]);
    }

    public IReadOnlyList<Tool> All => content.Tools;

    public IEnumerable<string> Names => content.Tools.Select(t => t.Name);

    public void Add(params IReadOnlyList<Tool> added)
    {
        var names = added.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        content = new([.. content.Tools.Where(t => !names.Contains(t.Name)), .. added]);
    }

    public void Remove(Predicate<Tool> which) => content = new([.. content.Tools.Where(t => !which(t))]);

    /// <summary>Sub-agents are called by either of the two names that models know.</summary>
    public Tool? Find(string name) => Array.Find(content.Tools, t => t.Name == (name == "Agent" ? "Task" : name));

    public JsonArray Describe() => content.Description.Value;

    public static ToolBox Standard()
    {
        var box = new ToolBox();

        box.Add(
            new BashTool(), new BashOutputTool(), new KillShellTool(), new ReadTool(), new EditTool(), new MultiEditTool(), new WriteTool(), new GlobTool(), new GrepTool(),
            new TodoWriteTool(), new WebFetchTool());

        return box;
    }
}
