using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Tests.Tools;

public sealed class The_tools : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ringfence-tools-").FullName;
    private readonly Workplace workplace;

    public The_tools() => workplace = new Workplace(directory, Path.Combine(directory, ".out"), TimeProvider.System);

    [Fact]
    public async Task Keep_the_whole_output_of_a_command_and_show_head_and_tail()
    {
        var output = await RunAsync(new BashTool(), ("command", "seq 1 50000"));

        Assert.StartsWith("1\n2\n", output.Shown, StringComparison.Ordinal);
        Assert.EndsWith("49999\n50000", output.Shown, StringComparison.Ordinal);
        Assert.Contains("bytes are left out here. The whole output is in ", output.Shown, StringComparison.Ordinal);
        Assert.Equal(50_000, File.ReadLines(Path.Combine(directory, ".out", "output-1.txt")).Count());
    }

    [Fact]
    public async Task Tell_the_exit_code_and_both_outputs_in_order()
    {
        var output = await RunAsync(new BashTool(), ("command", "echo one; echo two >&2; echo three; exit 7"));

        Assert.True(output.IsError);
        Assert.Equal("Exit code 7\none\ntwo\nthree", output.Shown);
    }

    [Fact(Timeout = Patience)]
    public async Task End_a_command_and_all_its_children_at_the_time_limit()
    {
        var child = Path.Combine(directory, "child");
        var output = await LongEnoughAsync(
            TimeSpan.FromSeconds(0.5), limit => RunAsync(new BashTool(), ("command", "echo begun; sleep 300 & echo $! > child; sleep 300"), ("timeout", (int)limit.TotalMilliseconds)),
            _ => File.Exists(child) && File.ReadAllText(child).EndsWith('\n'));

        Assert.Contains("begun", output.Shown, StringComparison.Ordinal);
        Assert.Matches("was ended after [0-9.]+ s, its time limit", output.Shown);

        // The signal was sent to all of them; when the kernel gets round to it is its own affair.
        await UntilAsync(() => !IsAlive(Path.Combine("/proc", File.ReadAllText(child).Trim(), "status")), () => "the child is alive");
    }

    private static bool IsAlive(string status)
    {
        try
        {
            return !File.ReadAllText(status).Contains("zombie", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    [Fact]
    public async Task Do_not_wait_for_a_grandchild_that_keeps_the_output_open()
    {
        var output = await RunAsync(new BashTool(), ("command", "sleep 300 & echo done; echo $! > child"));

        Assert.Equal("done", output.Shown);
        using var kill = System.Diagnostics.Process.Start("kill", File.ReadAllText(Path.Combine(directory, "child")).Trim());
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Follow_cd_from_one_command_to_the_next()
    {
        Directory.CreateDirectory(Path.Combine(directory, "sub"));
        await RunAsync(new BashTool(), ("command", "cd sub && exit 1"));

        Assert.Equal(Path.Combine(directory, "sub"), (await RunAsync(new BashTool(), ("command", "pwd"))).Shown);
    }

    [Fact]
    public async Task Let_a_command_run_on_and_show_what_is_new()
    {
        var started = await RunAsync(new BashTool(), ("command", "mkfifo f; echo first; cat f; exit 3"), ("run_in_background", true));
        Assert.Contains("bash_1", started.Shown, StringComparison.Ordinal);

        using (var fifo = System.Diagnostics.Process.Start("sh", ["-c", $"until [ -p '{directory}/f' ]; do :; done; echo second > '{directory}/f'"]))
        {
            await fifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await workplace.Shells.Find("bash_1")!.Shell.WaitAsync(TestContext.Current.CancellationToken);
        var output = await RunAsync(new BashOutputTool(), ("bash_id", "bash_1"));

        Assert.Contains("<exit_code>3</exit_code>\n<output>\nfirst\nsecond\n</output>", output.Shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*.cs", "a.cs")]
    [InlineData("**/*.cs", "a.cs src/b.cs src/deep/c.cs")]
    [InlineData("src/**/*.{cs,txt}", "src/b.cs src/d.txt src/deep/c.cs")]
    [InlineData("**/ignored.cs", "")]
    public async Task Find_files_by_name_and_leave_out_what_git_ignores(string pattern, string expected)
    {
        Tree();
        var output = await RunAsync(new GlobTool(), ("pattern", pattern));
        var found = output.Shown.StartsWith('/') ? output.Shown.Split('\n').Select(p => Path.GetRelativePath(directory, p)).Order(StringComparer.Ordinal).ToArray() : [];

        Assert.Equal(expected, string.Join(' ', found));
    }

    [Fact]
    public async Task Search_contents_with_context_and_say_where()
    {
        Tree();
        var output = await RunAsync(new GrepTool(), ("pattern", "needle$"), ("output_mode", "content"), ("-C", 1));

        Assert.Equal("src/b.cs-1-before\nsrc/b.cs:2:a needle\nsrc/b.cs-3-after", output.Shown);
    }

    [Fact]
    public async Task Count_and_list_matches_and_skip_binary_files()
    {
        Tree();
        File.WriteAllBytes(Path.Combine(directory, "binary"), [0, .. "needle"u8]);

        Assert.Equal("Found 1 file\nsrc/b.cs", (await RunAsync(new GrepTool(), ("pattern", "needle"))).Shown);
        Assert.Contains("src/b.cs:1", (await RunAsync(new GrepTool(), ("pattern", "NEEDLE"), ("-i", true), ("output_mode", "count"))).Shown, StringComparison.Ordinal);
        Assert.Contains("not a regular expression", (await RunAsync(new GrepTool(), ("pattern", "(("))).Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Number_lines_and_state_every_cut_when_reading()
    {
        File.WriteAllText(Path.Combine(directory, "long.txt"), string.Join('\n', Enumerable.Range(1, 3000)) + "\n" + new string('x', 5000));
        var output = await RunAsync(new ReadTool(), ("file_path", "long.txt"), ("offset", 2999), ("limit", 5));

        Assert.StartsWith("  2999→2999\n  3000→3000\n  3001→xxx", output.Shown, StringComparison.Ordinal);
        Assert.Contains("[3000 more characters]", output.Shown, StringComparison.Ordinal);
        Assert.Contains("[Lines 1 to 2000 of 3001.", (await RunAsync(new ReadTool(), ("file_path", "long.txt"))).Shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere.txt", "File does not exist")]
    [InlineData(".", "is a directory")]
    [InlineData("binary", "is a binary file of 8 bytes")]
    public async Task Say_why_a_file_cannot_be_read(string path, string expected)
    {
        File.WriteAllBytes(Path.Combine(directory, "binary"), new byte[8]);

        var output = await RunAsync(new ReadTool(), ("file_path", path));

        Assert.True(output.IsError);
        Assert.Contains(expected, output.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edit_ten_megabytes_and_change_one_line()
    {
        var path = Path.Combine(directory, "big.txt");
        var text = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"line {i} of a file that is fairly big\n"));
        File.WriteAllText(path, text);
        await RunAsync(new ReadTool(), ("file_path", path));

        var output = await RunAsync(new EditTool(), ("file_path", path), ("old_string", "line 100000 of"), ("new_string", "row 100000 of"));

        Assert.Contains("100001→row 100000 of", output.Shown, StringComparison.Ordinal);
        Assert.Equal(text.Replace("line 100000 of", "row 100000 of", StringComparison.Ordinal), File.ReadAllText(path, Encoding.UTF8));
    }

    public void Dispose()
    {
        workplace.Shells.Dispose();
        Waiting.DeleteAsync(directory).GetAwaiter().GetResult();
    }

    private void Tree()
    {
        foreach (var (name, content) in new Dictionary<string, string>
        {
            [".gitignore"] = "ignored.cs\n/out/\n!kept.cs\n", ["a.cs"] = "x", ["src/b.cs"] = "before\na needle\nafter\n", ["src/deep/c.cs"] = "x", ["src/d.txt"] = "x",
            ["ignored.cs"] = "a needle", ["out/e.cs"] = "a needle", [".git/config"] = "a needle",
        })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, name))!);
            File.WriteAllText(Path.Combine(directory, name), content);
        }
    }

    private Task<ToolOutput> RunAsync(Tool tool, params (string Name, JsonNode Value)[] input) =>
        tool.RunAsync(new ToolCall("t", new JsonObject(input.Select(i => KeyValuePair.Create(i.Name, (JsonNode?)i.Value))), workplace), TestContext.Current.CancellationToken);
}
