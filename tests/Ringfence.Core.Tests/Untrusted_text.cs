using System.Text;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests;

public sealed class Untrusted_text
{
    [Theory]
    [InlineData("plain name.txt", "plain name.txt")]
    [InlineData("grün/日本.cs", "grün/日本.cs")]
    [InlineData("a\nb", "\"a\\nb\"")]
    [InlineData("\e[31mred", "\"\\x1b[31mred\"")]
    [InlineData("say \"hi\"", "say \"hi\"")]
    [InlineData("back\\slash", "back\\slash")]
    [InlineData("evil\u202Etxt.exe", "\"evil\\xe2\\x80\\xaetxt.exe\"")]
    public void Is_shown_without_power_over_the_terminal(string text, string shown) => Assert.Equal(shown, Printable.Escape(text));

    [Fact]
    public void Keeps_bytes_that_are_no_text_apart()
    {
        var path = new GitPath([(byte)'a', 0xff, (byte)'b']);

        Assert.Equal("\"a\\xffb\"", path.ToString());
        Assert.NotEqual(new GitPath([(byte)'a', 0xfe, (byte)'b']), path);
        Assert.Equal(new GitPath(Encoding.UTF8.GetBytes("a")), new GitPath("a"));
    }

    [Fact]
    public void Keeps_its_lines_where_lines_are_wanted() => Assert.Equal("one\ntwo\\x07", Printable.EscapeLines("one\ntwo\a"));
}
