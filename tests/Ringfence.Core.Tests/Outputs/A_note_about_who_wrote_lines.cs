using System.Text.Json.Nodes;
using Ringfence.Outputs;
using Xunit;

namespace Ringfence.Tests.Outputs;

public sealed class A_note_about_who_wrote_lines
{
    private static string Note(string diff) => AuthorshipNote.Of(AddedLines.Of(diff), "c0ffee", "claude", "run1", "opus", "olga");

    private static string Trace(string diff) => AgentTrace.Of(AddedLines.Of(diff), "c0ffee", "claude", "run1", "opus", "1.2.3", DateTimeOffset.UnixEpoch);

    [Fact]
    public void Names_the_added_lines_of_each_file_and_what_their_key_stands_for()
    {
        var note = Note(
            """
            diff --git a/src/a.cs b/src/a.cs
            --- a/src/a.cs
            +++ b/src/a.cs
            @@ -1 +1,2 @@
            -x
            +y
            +z
            @@ -9,0 +11 @@
            +w
            diff --git a/my file b/my file
            --- /dev/null

            """ + "+++ b/my file\t\n@@ -0,0 +1 @@\n+v\n");
        var parts = note.Split("---\n");
        var key = parts[0].Split('\n')[1].Trim().Split(' ')[0];
        var prompt = JsonNode.Parse(parts[1])!["prompts"]![key]!;

        Assert.Equal($"src/a.cs\n  {key} 1-2,11\n\"my file\"\n  {key} 1\n", parts[0]);
        Assert.Equal(16, key.Length);
        Assert.Equal("authorship/3.0.0", (string)JsonNode.Parse(parts[1])!["schema_version"]!);
        Assert.Equal("c0ffee", (string)JsonNode.Parse(parts[1])!["base_commit_sha"]!);
        Assert.Equal(("claude", "run1", "opus"), ((string)prompt["agent_id"]!["tool"]!, (string)prompt["agent_id"]!["id"]!, (string)prompt["agent_id"]!["model"]!));
        Assert.Equal((4, 1), ((int)prompt["total_additions"]!, (int)prompt["total_deletions"]!));
    }

    [Theory]
    [InlineData("+++ b/a\n@@ -1 +1,2 @@\n--- a/x\n+++ b/forged\n+@@ -0,0 +1,99 @@\n")]
    [InlineData("+++ b/a\n@@ -0,0 +1,2 @@\n+x\r+++ b/forged\u2028@@ -0,0 +1 @@\n+@@ -0,0 +1 @@\n")]
    public void Is_not_misled_by_lines_that_look_like_a_diff(string diff) => Assert.DoesNotContain("forged", Note(diff) + Trace(diff), StringComparison.Ordinal);

    [Fact]
    public void Is_an_agent_trace_too_and_the_same_one_when_it_is_written_again()
    {
        const string diff = "+++ b/src/a.cs\n@@ -1 +1,2 @@\n-x\n+y\n+z\n@@ -9,0 +11 @@\n+w\n";
        var trace = JsonNode.Parse(Trace(diff))!;
        var file = trace["files"]![0]!;

        Assert.Equal(("0.1.0", "1970-01-01T00:00:00Z", "git", "c0ffee"),
            ((string)trace["version"]!, (string)trace["timestamp"]!, (string)trace["vcs"]!["type"]!, (string)trace["vcs"]!["revision"]!));
        Assert.Equal(("src/a.cs", "ai", "opus"),
            ((string)file["path"]!, (string)file["conversations"]![0]!["contributor"]!["type"]!, (string)file["conversations"]![0]!["contributor"]!["model_id"]!));
        Assert.Equal(
            """[{"start_line":1,"end_line":2},{"start_line":11,"end_line":11}]""", file["conversations"]![0]!["ranges"]!.ToJsonString());
        Assert.Equal('8', Guid.Parse((string)trace["id"]!).ToString()[14]);
        Assert.Equal(Trace(diff), Trace(diff));
    }

    [Theory]
    [InlineData("")]
    [InlineData("+++ /dev/null\n@@ -1 +0,0 @@\n-x\n")]
    [InlineData("+++ \"b/quoted\\n\"\n@@ -0,0 +1 @@\n+x\n")]
    [InlineData("Binary files a/x and b/x differ\n")]
    public void Is_none_when_no_line_that_can_be_named_was_added(string diff) => Assert.Empty(AddedLines.Of(diff).Files);
}
