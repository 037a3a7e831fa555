using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

/// <summary>The tools of a session, by name, in the order in which the model is told of them.</summary>
internal sealed class ToolBox
{
    private readonly List<Tool> tools = [];
    private JsonArray? described;

    public IEnumerable<Tool> All => tools;

    public IEnumerable<string> Names => tools.Select(t => t.Name);

    public void Add(Tool tool)
    {
        tools.RemoveAll(t => t.Name == tool.Name);
        tools.Add(tool);
        described = null;
    }

    public void Remove(Predicate<Tool> which)
    {
        tools.RemoveAll(which);
        described = null;
    }

    public Tool? Find(string name) => tools.Find(t => t.Name == name);

    public JsonArray Describe()
    {
        if (described is null)
        {
            described = [];

            foreach (var tool in tools)
            {
                described.Add((JsonNode)tool.ToJson());
            }
        }

        return described;
    }

    public static ToolBox Standard()
    {
        var box = new ToolBox();

        foreach (var tool in (Tool[])[new BashTool(), new BashOutputTool(), new KillShellTool(), new ReadTool(), new EditTool(), new MultiEditTool(), new WriteTool(),
            new GlobTool(), new GrepTool(), new TodoWriteTool(), new WebFetchTool()])
        {
            box.Add(tool);
        }

        return box;
    }
}
