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
        Assert.Equal("see " + pasted, editor.Take());
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
    public void Knows_how_wide_text_is(string text, int width) => Assert.Equal(width, TextWidth.Of(text));

    [Fact]
    public void Shows_markdown_without_its_signs()
    {
        var markdown = new Markdown(new Paint(isOn: false));

        Assert.Equal("Title", markdown.Line("## Title"));
        Assert.Equal("• a b (https://x.y)", markdown.Line("- **a** [b](https://x.y)"));
        markdown.Line("```");
        Assert.Equal("- **code**", markdown.Line("- **code**"));
    }
}
