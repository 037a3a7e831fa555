using Ringfence.Agents;
using Xunit;

namespace Ringfence.Tests.Agents;

public sealed class The_summary_of_a_tool_call
{
    [Theory]
    [InlineData("""{"command":"dotnet test\n--no-build"}""", "dotnet test …")]
    [InlineData("""{"file_path":"/workspace/a.cs","old_string":"x"}""", "/workspace/a.cs")]
    [InlineData("""{"todos":[]}""", """{"todos":[]}""")]
    [InlineData("not json", "not json")]
    [InlineData("""{"command":"\u001b[31mx"}""", "\\x1b[31mx")]
    public void Says_what_it_is_about(string input, string summary) => Assert.Equal(summary, ToolSummary.Call(input));

    [Theory]
    [InlineData("", "(no output)")]
    [InlineData("one\n", "one")]
    [InlineData("Build started\n2 passed, 1 failed\n", "2 passed, 1 failed (+1 lines)")]
    public void Shows_the_line_with_the_verdict(string output, string summary) => Assert.Equal(summary, ToolSummary.Result(output));

    [Theory]
    [InlineData("Read", false, "1→a\n2→b\n3→}\n", "3 lines")]
    [InlineData("Read", true, "File does not exist.", "File does not exist.")]
    [InlineData("Edit", false, "The file a.cs has been updated.\n1→}", "The file a.cs has been updated. …")]
    [InlineData("Bash", false, "building\n9 passed, 0 failed", "9 passed, 0 failed (+1 lines)")]
    public void Says_how_much_was_read_and_what_was_edited(string tool, bool isError, string output, string summary) =>
        Assert.Equal(summary, ToolSummary.Result(tool, isError, output));

    [Fact]
    public void Fits_its_width() => Assert.Equal(20, ToolSummary.Call(new string('x', 500), 20).Length);
}
