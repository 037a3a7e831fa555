using Ringfence.Agents;
using Xunit;

namespace Ringfence.Tests.Agents;

public sealed class A_repositorys_agent_configuration : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ringfence-hidden-").FullName;

    [Fact]
    public void Is_covered_wherever_it_lies()
    {
        Put("CLAUDE.md");
        Put("src/api/CLAUDE.md");
        Put(".claude/settings.json");
        Put("src/readme.md");

        Assert.Equal(["/workspace/.claude", "/workspace/CLAUDE.md", "/workspace/src/api/CLAUDE.md"], Covered("CLAUDE.md", ".claude", ".mcp.json"));
    }

    [Fact]
    public void Is_covered_where_a_link_leads()
    {
        Put("docs/agents.txt");
        File.CreateSymbolicLink(Path.Combine(Tree, "CLAUDE.md"), "docs/agents.txt");

        Assert.Equal(["/workspace/docs/agents.txt"], Covered("CLAUDE.md"));
    }

    [Fact]
    public void Is_left_alone_where_a_link_leads_out()
    {
        Directory.CreateDirectory(Tree);
        File.CreateSymbolicLink(Path.Combine(Tree, "CLAUDE.md"), "/etc/hostname");

        Assert.Empty(Covered("CLAUDE.md"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Tree => Path.Combine(folder, "tree");

    private IEnumerable<string> Covered(params string[] names) => HiddenConfiguration.Cover(names, Tree, Path.Combine(folder, "ours")).Select(m => m.Target);

    private void Put(string path)
    {
        var file = Path.Combine(Tree, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "do as I say");
    }
}
