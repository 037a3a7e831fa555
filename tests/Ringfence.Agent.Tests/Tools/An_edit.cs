using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Tests.Tools;

public sealed class An_edit : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ringfence-edit-").FullName;

    [Theory]
    [InlineData("a\nb\nc", "a\nX\nc")] // no final newline
    [InlineData("a\r\nb\r\nc\r\n", "a\r\nX\r\nc\r\n")]
    [InlineData("a\nb\r\nc\n", "a\nX\r\nc\n")] // mixed
    [InlineData("\uFEFFa\nb\n", "\uFEFFa\nX\n")]
    [InlineData("ä\tb\n", "ä\tX\n")]
    public async Task Changes_nothing_but_what_it_was_asked_to(string before, string after)
    {
        var path = Put(Encoding.UTF8.GetBytes(before));

        await EditAsync(path, "b", "X");

        Assert.Equal(Encoding.UTF8.GetBytes(after), File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Keeps_bytes_that_are_not_utf8()
    {
        var path = Put([0xFF, (byte)'a', 0xE9, (byte)'\n', (byte)'b']);

        await EditAsync(path, "b", "X");

        Assert.Equal([0xFF, (byte)'a', 0xE9, (byte)'\n', (byte)'X'], File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Keeps_utf16_and_its_mark()
    {
        var encoding = new UnicodeEncoding(bigEndian: true, byteOrderMark: true);
        var path = Put([.. encoding.GetPreamble(), .. encoding.GetBytes("a\nb\n")]);

        await EditAsync(path, "b", "Ω");

        Assert.Equal([.. encoding.GetPreamble(), .. encoding.GetBytes("a\nΩ\n")], File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("", "a needle", "a pin", "\n")]
    [InlineData("", "needle", "näh\nnadel 𝄞", "")] // at the end, without a final newline
    [InlineData("ä 𝄞 é\n", "a needle\n", "", "\n")]
    [InlineData("\uFEFFfirst\n", "a needle", "a needle\nsame\nsame", "\nsame\nsame\nsame\nsame\nsame\nlast\n")] // goes on as what it adds
    [InlineData("", "a needle\nsame\nsame\n", "a needle\n", "\nsame\nsame\nsame\nsame\nsame\nsame\nx\nsame\nsame\n1\n2\n3\n4\n5\n")] // goes on as what it takes away
    [InlineData("first\r\n", "needle", "pin", "\r\n")]
    [InlineData("first\r\n", "needle", "pin\nhead", "\r\n")]
    public async Task Of_a_large_file_changes_and_shows_what_it_would_in_a_small_one(string start, string old, string replacement, string end)
    {
        var filler = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"line {i} of many, größer als nötig\n"));
        var text = start + filler + "a needle" + end;
        var path = Put(Encoding.UTF8.GetBytes(text));

        var output = await new EditTool().RunAsync(Call(await ReadAsync(path), path, old, replacement), TestContext.Current.CancellationToken);

        var expected = text.Replace(old, replacement, StringComparison.Ordinal);
        Assert.Equal(expected, Encoding.UTF8.GetString(File.ReadAllBytes(path)));
        Assert.Equal(LineDiff.Hunks(text.TrimStart('\uFEFF'), expected.TrimStart('\uFEFF')).ToJsonString(), output.Details!["structuredPatch"]!.ToJsonString());
    }

    [Fact]
    public async Task Of_a_large_file_that_is_not_utf8_keeps_its_bytes()
    {
        byte[] text = [0xE9, .. Encoding.ASCII.GetBytes(new string('x', 2 << 20)), (byte)'\n', (byte)'b'];
        var path = Put(text);

        await EditAsync(path, "b", "é");

        Assert.Equal([.. text[..^1], 0xE9], File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Of_a_large_file_is_refused_when_two_places_match()
    {
        var text = "aXa\n" + new string('-', 2 << 20) + "\naXaXa\n";
        var path = Put(Encoding.UTF8.GetBytes(text));

        var output = await new EditTool().RunAsync(Call(await ReadAsync(path), path, "XaX", "Y"), TestContext.Current.CancellationToken);
        Assert.False(output.IsError, output.Shown);

        output = await new EditTool().RunAsync(Call(await ReadAsync(path), path, "a", "b"), TestContext.Current.CancellationToken);
        Assert.Contains("Found 4 matches of old_string, at lines 1, 1, 3, 3", output.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gives_new_lines_the_ends_that_the_file_has()
    {
        var path = Put("one\r\ntwo\r\nthree\r\n"u8);

        await EditAsync(path, "one\ntwo", "one\nand a half\ntwo");

        Assert.Equal("one\r\nand a half\r\ntwo\r\nthree\r\n", File.ReadAllText(path));
    }

    [Fact]
    public async Task Keeps_mode_links_and_the_file_behind_a_symbolic_link()
    {
        var path = Put("a b\n"u8);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
        var link = Path.Combine(directory, "link");
        File.CreateSymbolicLink(link, Path.GetFileName(path));

        await EditAsync(link, "b", "X");

        Assert.Equal("a X\n", File.ReadAllText(path));
        Assert.Equal(Path.GetFileName(path), new FileInfo(link).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead, File.GetUnixFileMode(path));
        Assert.Equal(["file.txt", "link"], Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Reaches_every_hard_link_of_the_file()
    {
        var path = Put("a b\n"u8);
        var other = Path.Combine(directory, "other");
        using (var ln = System.Diagnostics.Process.Start("ln", [path, other]))
        {
            await ln.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await EditAsync(path, "b", "X");

        Assert.Equal("a X\n", File.ReadAllText(other));
    }

    [Fact]
    public async Task Is_refused_before_the_file_was_read()
    {
        var path = Put("a\n"u8);
        var output = await new EditTool().RunAsync(Call(new Workplace(directory, directory + "/s", TimeProvider.System), path, "a", "X"), TestContext.Current.CancellationToken);

        Assert.True(output.IsError);
        Assert.Contains("has not been read yet", output.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_refused_when_the_file_has_changed_since()
    {
        var path = Put("a\n"u8);
        var workplace = await ReadAsync(path);
        File.WriteAllText(path, "a, by somebody else\n");

        var output = await new EditTool().RunAsync(Call(workplace, path, "a", "X"), TestContext.Current.CancellationToken);

        Assert.True(output.IsError);
        Assert.Contains("has been modified since", output.Shown, StringComparison.Ordinal);
        Assert.Equal("a, by somebody else\n", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("x = 1\ny\nx = 1\n", "x = 1", "Found 2 matches of old_string, at lines 1, 3")]
    [InlineData("one\ntwo\nthree\n", "one\nzwei", "1 of its 2 lines are at line 1")]
    [InlineData("one\n", "nowhere", "No line of it is in the file")]
    [InlineData("  a\n\tb\n", "a\nb", "its indentation differs in more than one way")]
    [InlineData("\tif x:\n\n    if x:\n", "if x: ", "apart from white space it matches 2 places")]
    public async Task Is_refused_with_what_was_found_instead(string text, string old, string expected)
    {
        var path = Put(Encoding.UTF8.GetBytes(text));
        var output = await new EditTool().RunAsync(Call(await ReadAsync(path), path, old, "X"), TestContext.Current.CancellationToken);

        Assert.True(output.IsError);
        Assert.Contains(expected, output.Shown, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public async Task Forgives_white_space_and_keeps_the_indentation_of_the_file()
    {
        var path = Put("class A:\n\tdef f(self):   \n\t\treturn 1\n"u8);

        await EditAsync(path, "def f(self):\n\treturn 1", "def f(self):\n\treturn 2");

        Assert.Equal("class A:\n\tdef f(self):\n\t\treturn 2\n", File.ReadAllText(path));
    }

    [Fact]
    public async Task Of_many_is_all_or_nothing()
    {
        var path = Put("a\nb\n"u8);
        var workplace = await ReadAsync(path);
        var input = new JsonObject
        {
            ["file_path"] = path,
            ["edits"] = new JsonArray(
                new JsonObject { ["old_string"] = "a", ["new_string"] = "X" }, new JsonObject { ["old_string"] = "nowhere", ["new_string"] = "Y" }),
        };

        var output = await new MultiEditTool().RunAsync(new ToolCall("t", input, workplace), TestContext.Current.CancellationToken);

        Assert.Contains("Edit 2 of 2", output.Shown, StringComparison.Ordinal);
        Assert.Equal("a\nb\n", File.ReadAllText(path));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private string Put(ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(directory, "file.txt");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private async Task<Workplace> ReadAsync(string path)
    {
        var workplace = new Workplace(directory, directory + "/s", TimeProvider.System);
        await new ReadTool().RunAsync(new ToolCall("t", new JsonObject { ["file_path"] = path }, workplace), TestContext.Current.CancellationToken);
        return workplace;
    }

    private async Task EditAsync(string path, string old, string replacement)
    {
        var output = await new EditTool().RunAsync(Call(await ReadAsync(path), path, old, replacement), TestContext.Current.CancellationToken);
        Assert.False(output.IsError, output.Shown);
    }

    private static ToolCall Call(Workplace workplace, string path, string old, string replacement) =>
        new("t", new JsonObject { ["file_path"] = path, ["old_string"] = old, ["new_string"] = replacement }, workplace);
}
