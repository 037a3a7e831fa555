using System.Text;
using Ringfence.Agent.Hosts.Terminal;

namespace Ringfence.Tests.Terminal;

public sealed class The_prompt
{
    [Theory]
    [InlineData("abc\u007f\u007fd", "ad")]
    [InlineData("one two\u0017three", "one three")]
    [InlineData("abc\u001b[D\u001b[DX", "aXbc")]
    [InlineData("abc\u001b[HX", "Xabc")]
    [InlineData("ab\u001b\rcd", "ab\ncd")]
    [InlineData("\u001b[200~a\r\nb\u001b[201~c", "a\nbc")]
    [InlineData("漢字\u007f", "漢")]
    [InlineData("e\u0301\u007fx", "x")]
    [InlineData("ab\u001b[A\u001b[Bc", "abc")]
    public void Is_written_with_the_keys_people_know(string typed, string expected)
    {
        var editor = new LineEditor();

        foreach (var key in new KeyDecoder().Decode(Encoding.UTF8.GetBytes(typed), isComplete: true))
        {
            editor.Apply(key);
        }

        Assert.Equal(expected, editor.Text);
    }

    [Fact]
    public void Understands_keys_that_arrive_in_pieces()
    {
        var decoder = new KeyDecoder();
        var keys = Encoding.UTF8.GetBytes("漢\u001b[200~x\ny\u001b[201~").SelectMany(b => decoder.Decode([b], isComplete: false)).ToArray();

        Assert.Equal([new Key(KeyKind.Text, "漢"), new Key(KeyKind.Paste, "x\ny")], keys);
    }

    [Fact]
    public void Holds_a_paste_of_ten_thousand_lines_as_one_word_and_sends_it_whole()
    {
        var editor = new LineEditor();
        var pasted = string.Join('\n', Enumerable.Range(0, 10_000).Select(i => $"line {i}"));
        editor.Apply(new Key(KeyKind.Text, "see "));
        editor.Apply(new Key(KeyKind.Paste, pasted));

        Assert.Equal("see [Pasted text #1, 10000 lines]", editor.Text);
        Assert.Equal("see " + pasted, editor.Take().Text);
    }

    [Fact]
    public void Brings_back_earlier_prompts_and_the_draft()
    {
        var editor = new LineEditor();

        foreach (var text in (string[])["first", "second"])
        {
            editor.Set(text);
            editor.Take();
        }

        editor.Set("draft");
        editor.Apply(new Key(KeyKind.Up));
        editor.Apply(new Key(KeyKind.Up));
        Assert.Equal("first", editor.Text);
        editor.Apply(new Key(KeyKind.Down));
        editor.Apply(new Key(KeyKind.Down));
        Assert.Equal("draft", editor.Text);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b]0;title\u0007\u001b[2Jx", "�]0;title��[2Jx")]
    [InlineData("a\u202Eb", "a�b")]
    public void Never_lets_what_is_shown_steer_the_terminal(string text, string expected) => Assert.Equal(expected, TextWidth.Safe(text));

    [Theory]
    [InlineData("漢字", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("\u001b[31mred\u001b[0m", 3)]
    [InlineData("👍", 2)]
    [InlineData("✅", 2)]
    [InlineData("❤️", 2)]
    [InlineData("👩‍👩‍👧‍👦", 2)]
    [InlineData("🇩🇪", 2)]
    [InlineData("ｱ", 1)]
    public void Knows_how_wide_text_is(string text, int width) => Assert.Equal(width, TextWidth.Of(text));

    [Fact]
    public void Brings_a_long_paste_back_under_its_name()
    {
        var editor = new LineEditor();
        editor.Apply(new Key(KeyKind.Paste, new string('x', 5000)));
        editor.Take();
        editor.Apply(new Key(KeyKind.Up));

        Assert.Equal("[Pasted text #1, 5000 characters]", editor.Text);
        Assert.Equal(5000, editor.Take().Text.Length);
    }

    [Fact]
    public void Keeps_earlier_prompts_of_this_directory_and_of_no_other()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

        try
        {
            new PromptHistory(file, "/here").Add(new Written("first\nline two"));
            new PromptHistory(file, "/there").Add(new Written("second"));
            File.AppendAllText(file, "{\"directory\": \"/here\", \"pro");

            Assert.Equal(["first\nline two"], new PromptHistory(file, "/here").Prompts.Select(p => p.Text));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Offers_the_files_that_are_meant_the_closest_first()
    {
        string[] names = ["src/deep/LoginHandler.cs", "docs/login.md", "src/Login.cs", "src/", "notes/catalog/in.txt"];

        Assert.Equal(["src/Login.cs", "docs/login.md", "src/deep/LoginHandler.cs", "notes/catalog/in.txt"], Suggestions.Best(names, "login"));
        Assert.Equal("src/deep/LoginHandler.cs", Suggestions.Best(names, "handler").Single());
    }

    [Theory]
    [InlineData("\u001b[13;2u", KeyKind.NewLine)]
    [InlineData("\u001b[27;2;13~", KeyKind.NewLine)]
    [InlineData("\u001b[99;5u", KeyKind.Interrupt)]
    [InlineData("\u001b[27u", KeyKind.Escape)]
    [InlineData("\u001b[13u", KeyKind.Enter)]
    [InlineData("\u001b", KeyKind.Escape)]
    [InlineData("\u0018\u0005", KeyKind.Editor)]
    [InlineData("\u001b[?62;22c", KeyKind.Report)]
    [InlineData("\u001b]11;rgb:0000/0000/0000\u001b\\", KeyKind.Report)]
    internal void Understands_what_terminals_send(string bytes, KeyKind expected) =>
        Assert.Equal(expected, new KeyDecoder().Decode(Encoding.UTF8.GetBytes(bytes), isComplete: true).Single().Kind);

    [Fact]
    public void Never_takes_an_answer_of_the_terminal_for_typing_however_it_is_cut()
    {
        var decoder = new KeyDecoder();
        var keys = Encoding.UTF8.GetBytes("\u001b]11;rgb:ffff/ffff/ffff\u001b\\x").SelectMany((b, i) => decoder.Decode([b], isComplete: i > 2)).ToArray();

        Assert.Equal([new Key(KeyKind.Report, "11;rgb:ffff/ffff/ffff"), new Key(KeyKind.Text, "x")], keys);
    }
}
