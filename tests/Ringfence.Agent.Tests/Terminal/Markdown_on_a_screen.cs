using System.Text.RegularExpressions;
using Ringfence.Agent.Hosts.Terminal;

namespace Ringfence.Tests.Terminal;

public sealed partial class Markdown_on_a_screen
{
    private static readonly Paint Plain = new(ColourDepth.None, hasStyles: false);

    [Theory]
    [InlineData("## Title", "Title")]
    [InlineData("- **a** [b](https://x.y)", "• a b (https://x.y)")]
    [InlineData("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4")]
    [InlineData("a `co*de*` and **bold *both* x** and \\*none\\*", "a co*de* and bold both x and *none*")]
    [InlineData("**not closed", "**not closed")]
    [InlineData("<https://x.y/z> ~~gone~~", "https://x.y/z gone")]
    [InlineData("- [x] done", "☒ done")]
    [InlineData("> said", "│ said")]
    public void Loses_its_signs_and_no_word(string line, string expected) => Assert.Equal(expected, Show(line, 80));

    [Theory]
    [InlineData("one two three four", 9, "one two\nthree\nfour")]
    [InlineData("- one two three", 9, "• one two\n  three")]
    [InlineData("10. one two three", 12, "10. one two\n    three")]
    [InlineData("> one two three", 12, "│ one two\n│ three")]
    [InlineData("abcdefghijkl mn", 5, "abcde\nfghij\nkl mn")]
    [InlineData("日本語の文章", 10, "日本語の文\n章")]
    [InlineData("ab 日本語", 7, "ab 日本\n語")]
    [InlineData("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 5, "👩‍👩‍👧‍👦👩‍👩‍👧‍👦\n👩‍👩‍👧‍👦")]
    public void Is_broken_between_words_with_hanging_indents(string line, int width, string expected) => Assert.Equal(expected, Show(line, width));

    [Theory]
    [InlineData("## Title ##", "Title")]
    [InlineData("#no title", "#no title")]
    [InlineData("####### seven", "####### seven")]
    [InlineData("# C#", "C")]
    public void Has_titles_of_six_levels(string line, string expected) => Assert.Equal(expected, Show(line, 80));

    [Theory(Timeout = Patience)]
    [InlineData("*_", "", "_*")]
    [InlineData("*a ", "", "")]
    [InlineData("[", "", "")]
    [InlineData("`` ` ", "", "")]
    [InlineData("# ", "# ", "x")]
    [InlineData("- ", "", "x")]
    [InlineData("\"\\\"", "```js\n", "")]
    public async Task Costs_little_of_a_line_that_was_made_to_cost_much(string part, string begin, string end)
    {
        var line = begin + string.Concat(Enumerable.Repeat(part, 100_000)) + "x" + string.Concat(Enumerable.Repeat(end, 100_000));

        Assert.NotEmpty(await Task.Run(() => Show(line, 80), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Carries_a_style_over_the_end_of_a_row()
    {
        var rows = StyledText.Wrap(new MarkdownInline(new Paint(ColourDepth.Sixteen, hasStyles: true)).Render("a **b c d** e"), 3);

        Assert.Equal(["a \e[1mb\e[0m", "\e[1mc d\e[0m", "e"], rows.Select(r => r.Trim()));
    }

    [Fact]
    public void Leaves_code_as_it_was_written()
    {
        const string Long = "if (a) { return \"**no** emphasis, and a line that is far too long for the screen\"; }   // `x`";

        Assert.Equal(["── csharp ─────────", Long, "", "───────────────────"], Show($"```csharp\n{Long}\n\n```", 19).Split('\n'));
    }

    [Theory]
    [InlineData("python", "x = 'a # b'  # c")]
    [InlineData("js", "const a = `b`; // c \"d\" http://e")]
    [InlineData("bash", "echo \"$#\" ${#a} # done")]
    [InlineData("rust", "fn a<'b>(c: &'b str) -> u8 { b'\\'' }")]
    public void Tints_code_without_changing_a_character(string language, string line)
    {
        var tinted = CodeTint.Line(line, language, new Paint(ColourDepth.True, hasStyles: true) { Theme = Theme.Dark });

        Assert.NotEqual(line, tinted);
        Assert.Equal(line, Escape().Replace(tinted, ""));
    }

    [Fact]
    public void Fits_a_table_to_the_screen()
    {
        const string Table = "| a | long column |\n|:--|--:|\n| `x|y` | words that must be wrapped |\n| 漢 | 1 |\nafter";

        Assert.Equal(
            [
                "a   │        long column",
                "────┼───────────────────",
                "x|y │ words that must be",
                "    │            wrapped",
                "漢  │                  1",
                "after",
            ], Show(Table, 24).Split('\n'));
    }

    [Fact]
    public void Makes_lists_of_a_table_that_no_screen_could_hold() =>
        Assert.Equal("• first: aaaaaaaaa\n  second: bbbbbbbb", Show("| first | second |\n|---|---|\n| aaaaaaaaa | bbbbbbbb |\n", 18).TrimEnd());

    [Fact]
    public void Is_the_same_however_it_is_cut_into_deltas()
    {
        const string Text = "# A\n\n- b **c\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```py\nz = 1\n```\nend";
        var whole = Show(Text, 40);

        foreach (var size in (int[])[1, 2, 3, 7])
        {
            var answer = new StreamedAnswer(Plain);
            var told = new List<string?>();

            foreach (var piece in Text.Chunk(size))
            {
                answer.Add(new string(piece));
                Assert.All(answer.Preview(40), r => Assert.InRange(TextWidth.Of(r), 0, 40));
                told.Add(answer.Take(40));
            }

            told.Add(answer.End(40));
            Assert.Equal(whole, string.Join('\n', told.OfType<string>()));
        }
    }

    [Theory]
    [InlineData("dark", 0x1e1e2e)]
    [InlineData("dark", 0x000000)]
    [InlineData("dark-daltonized", 0x1e1e2e)]
    [InlineData("light", 0xffffff)]
    [InlineData("light-daltonized", 0xffffff)]
    [InlineData("light", 0xfdf6e3)]
    public void Has_colours_that_can_be_read_on_their_background(string theme, int background) =>
        Assert.All(Enum.GetValues<Role>(), role => Assert.True(Contrast(Theme.Find(theme)!.Exact(role)!.Value, (uint)background) >= 4.5, $"{role}"));

    [Theory]
    [InlineData(0x000000, 16)]
    [InlineData(0xffffff, 231)]
    [InlineData(0x808080, 244)]
    [InlineData(0xff0000, 196)]
    public void Falls_back_to_the_closest_of_256_colours(int exact, int expected) => Assert.Equal(expected, Paint.Nearest((uint)exact));

    private static string Show(string text, int width)
    {
        var answer = new StreamedAnswer(Plain);
        answer.Add(text);
        return answer.End(width)!;
    }

    // As the Web Content Accessibility Guidelines define it.
    private static double Contrast(uint a, uint b)
    {
        var (high, low) = (Math.Max(Luminance(a), Luminance(b)), Math.Min(Luminance(a), Luminance(b)));
        return (high + 0.05) / (low + 0.05);
    }

    private static double Luminance(uint colour)
    {
        double Part(uint value) => value / 255.0 is var v && v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);
        return (0.2126 * Part((colour >> 16) & 255)) + (0.7152 * Part((colour >> 8) & 255)) + (0.0722 * Part(colour & 255));
    }

    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Escape();
}
