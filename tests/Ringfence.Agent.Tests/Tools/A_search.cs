using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ringfence.Agent.Tools;

namespace Ringfence.Tests.Tools;

/// <summary>A search over many files finds what a search of each file by itself would find, whatever is skipped to be quick.</summary>
public sealed class A_search : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ringfence-search-").FullName;
    private readonly Workplace workplace;

    public A_search() => workplace = new Workplace(directory, Path.Combine(directory, ".out"), TimeProvider.System);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("needle", "needle")]
    [InlineData(@"class\s+Needle\w+", "Needle")]
    [InlineData(@"a\.b\.c", "a.b.c")]
    [InlineData("colou?r", "colo")]
    [InlineData("ab*cdef", "cdef")]
    [InlineData("ab+cdef", "cdef")]
    [InlineData("x{2,3}yz", "yz")]
    [InlineData("one|two", "")]
    [InlineData("(maybe)?surely", "")]
    [InlineData(@"[a-z-[aeiou]]]", "")]
    [InlineData(@"[\]]done", "")]
    [InlineData(@"\x41BCD", "")]
    [InlineData(@"pre\u0041BCD", "pre")]
    [InlineData("größe", "gr")]
    [InlineData("^begin.*end$", "begin")]
    public void Skips_a_file_only_for_lack_of_a_text_that_every_match_contains(string pattern, string required) =>
        Assert.Equal(required, RequiredText.Of(pattern));

    [Fact]
    public void Never_requires_what_a_match_lacks()
    {
        var random = new Random(11);
        string[] parts = ["a", "b", "c", "ab", ".", "\\.", "\\w", "[ab]", "[^c]", "a*", "b+", "c?", "a{1,2}", "b{2}", "\\b", "^", "$", "a+?", "[a\\]]", "]", "}"];
        var matched = 0;

        for (var i = 0; i < 20_000; i++)
        {
            var pattern = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => parts[random.Next(parts.Length)]));
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 12)).Select(_ => "abc.]}"[random.Next(6)]));
            Match match;

            try
            {
                match = Regex.Match(text, pattern);
            }
            catch (RegexParseException)
            {
                continue;
            }

            matched += match.Success ? 1 : 0;
            Assert.True(!match.Success || match.Value.Contains(RequiredText.Of(pattern), StringComparison.Ordinal), $"{pattern} matches '{match.Value}' of '{text}'");
        }

        Assert.True(matched > 1000);
    }

    [Fact]
    public async Task Finds_every_file_of_a_tree_that_many_threads_walk_together()
    {
        for (var i = 0; i < 1000; i++)
        {
            Write($"flat/f{i}.txt", i % 3 == 0 ? "needle" : "hay");
            Write($"d{i % 50}/e{i % 7}/f{i}.txt", i % 3 == 0 ? "needle" : "hay");
        }

        var output = await GrepAsync(("pattern", "needle"), ("output_mode", "count"), ("head_limit", 0));

        Assert.EndsWith("Found 668 matches in 668 files.", output.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keeps_to_the_ignore_rules_of_each_folder()
    {
        Directory.CreateDirectory(Path.Combine(directory, ".git"));
        Write(".gitignore", "*.log\nbuild/\n");
        Write("sub/.gitignore", "!kept.log\n/local\n");

        foreach (var path in (string[])["a.log", "build/a.txt", "sub/kept.log", "sub/b.log", "sub/local/c.txt", "other/local/d.txt", ".git/config"])
        {
            Write(path, "needle");
        }

        Assert.Equal("Found 2 files\nother/local/d.txt\nsub/kept.log", Sorted(await GrepAsync(("pattern", "needle"))));
    }

    [Fact]
    public async Task Reads_text_of_every_encoding_and_passes_over_what_is_none()
    {
        Write("utf8.txt", "größe");
        File.WriteAllBytes(Path.Combine(directory, "latin.txt"), Encoding.Latin1.GetBytes("die größe"));
        File.WriteAllBytes(Path.Combine(directory, "utf16.txt"), [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("größe")]);
        File.WriteAllBytes(Path.Combine(directory, "binary.bin"), [.. Encoding.UTF8.GetBytes("größe"), 0]);
        Write("empty.txt", "");
        File.CreateSymbolicLink(Path.Combine(directory, "loop"), Path.Combine(directory, "loop"));
        File.CreateSymbolicLink(Path.Combine(directory, "nowhere"), "/does/not/exist");
        File.CreateSymbolicLink(Path.Combine(directory, "around"), directory);
        using (var fifo = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(directory, "pipe")]))
        {
            await fifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("Found 3 files\nlatin.txt\nutf16.txt\nutf8.txt", Sorted(await GrepAsync(("pattern", "gr.ße"))));
        Assert.Equal("Found 3 files\nlatin.txt\nutf16.txt\nutf8.txt", Sorted(await GrepAsync(("pattern", "GRÖSSE|GRÖßE"), ("-i", true))));
    }

    [Fact]
    public async Task Ignores_case_beyond_ASCII_as_the_expression_does()
    {
        Write("kelvin.txt", "300 \u212Aelvin");
        Write("plain.txt", "300 KELVIN");
        Write("other.txt", "300 Celsius");

        Assert.Equal("Found 2 files\nkelvin.txt\nplain.txt", Sorted(await GrepAsync(("pattern", "kelvin"), ("-i", true))));
    }

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, name))!);
        File.WriteAllText(Path.Combine(directory, name), content);
    }

    private static string Sorted(ToolOutput output) => string.Join('\n', output.Shown.Split('\n') is [var head, .. var files] ? [head, .. files.Order(StringComparer.Ordinal)] : (string[])[]);

    private async Task<ToolOutput> GrepAsync(params (string Name, JsonNode Value)[] input) =>
        await new GrepTool().RunAsync(
            new ToolCall("id", new JsonObject(input.Select(i => KeyValuePair.Create(i.Name, (JsonNode?)i.Value))), workplace), TestContext.Current.CancellationToken);
}
