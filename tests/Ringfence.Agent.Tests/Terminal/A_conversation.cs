using System.Text.RegularExpressions;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Terminal;

public sealed partial class A_conversation : IAsyncDisposable
{
    private const string Edits =
        """
        turns:
          - calls: [{ tool: Read, input: { file_path: greet.py } }]
          - calls: [{ tool: Edit, input: { file_path: greet.py, old_string: hello, new_string: hi } }]
          - text: Finished.
        """;

    private const string Endless =
        """
        turns:
          - { text: "one two three four five six seven eight nine ten", chunk: 4, fault: stall, times: 3 }
        """;

    private TerminalSession terminal = null!;

    public ValueTask DisposeAsync() => terminal.DisposeAsync();

    [Fact(Timeout = Patience)]
    public async Task Lets_a_person_change_an_edit_before_it_is_made()
    {
        await BeginAsync(Edits);
        await terminal.SeesAsync("3 change it first");
        await terminal.TypeAsync("3");
        await terminal.SeesAsync("Change the new text");
        await terminal.TypeAsync("\x15moin\r");
        await terminal.SeesAsync("+ moin");
        await terminal.SeesAsync("1 yes");
        await terminal.TypeAsync("1");
        await terminal.SeesAsync("Finished.");

        Assert.Equal("moin\n", terminal.Agent.Read("greet.py"));
    }

    [Fact(Timeout = Patience)]
    public async Task Takes_no_for_an_answer_and_tells_the_model_why()
    {
        await BeginAsync(Edits.Replace("text: Finished.", "require: [{ result: { contains: leave it alone, error: true } }]\n    text: Finished.", StringComparison.Ordinal));
        await terminal.SeesAsync("4 no, and say why");
        await terminal.TypeAsync("4");
        await terminal.SeesAsync("Why not?");
        await terminal.TypeAsync("leave it alone\r");
        await terminal.SeesAsync("Finished.");

        Assert.Equal("hello\n", terminal.Agent.Read("greet.py"));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_not_given_permission_by_somebody_who_goes_on_to_write()
    {
        await BeginAsync(Edits);
        await terminal.SeesAsync("4 no, and say why");
        await terminal.TypeAsync("\r");
        await terminal.SeesAsync("A digit answers");
        await terminal.TypeAsync("yes, and 1 thing more\r");
        await terminal.SeesAsync("sent when this is done");

        Assert.Equal("hello\n", terminal.Agent.Read("greet.py"));
    }

    [Fact(Timeout = Patience)]
    public async Task Takes_yes_for_an_answer()
    {
        await BeginAsync(Edits);
        await terminal.SeesAsync("4 no, and say why");
        await terminal.TypeAsync("yes\r");
        await terminal.SeesAsync("Finished.");

        Assert.NotEqual("hello\n", terminal.Agent.Read("greet.py"));
    }

    [Fact(Timeout = Patience)]
    public async Task Is_not_asked_about_an_edit_that_cannot_be_made()
    {
        await BeginAsync(Edits.Replace("old_string: hello", "old_string: nowhere", StringComparison.Ordinal)
            .Replace("text: Finished.", "require: [{ result: { contains: not found, error: true } }]\n    text: Finished.", StringComparison.Ordinal));
        await terminal.SeesAsync("Finished.");

        Assert.DoesNotContain("change it first", terminal.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Takes_the_changes_of_the_last_prompt_back_byte_for_byte()
    {
        const string Odd = "\ufeffhello\r\nno final line feed \t";
        await BeginAsync(Edits, file: Odd);
        var before = File.ReadAllBytes(Path.Combine(terminal.Agent.Workspace, "greet.py"));
        await terminal.SeesAsync("1 yes");
        await terminal.TypeAsync("1");
        await terminal.SeesAsync("Finished.");
        Assert.NotEqual(before, File.ReadAllBytes(Path.Combine(terminal.Agent.Workspace, "greet.py")));
        await terminal.ShowsAsync("Finished.\n\n───"); // at rest
        await terminal.TypeAsync("/undo\r");
        await terminal.SeesAsync("Taken back: greet.py");

        Assert.Equal(before, File.ReadAllBytes(Path.Combine(terminal.Agent.Workspace, "greet.py")));
    }

    [Fact(Timeout = Patience)]
    public async Task Stops_at_once_and_keeps_what_was_typed_and_what_waited()
    {
        await BeginAsync(Endless);
        await terminal.SeesAsync("nine ten");
        await terminal.TypeAsync("send me later\r");
        await terminal.SeesAsync("send me later (sent when this is done)");
        await terminal.TypeAsync("half a thou");
        await terminal.SeesAsync("half a thou");
        await terminal.TypeAsync("\x1b");
        await terminal.SeesAsync("Stopped.");
        await terminal.ShowsAsync("› send me later\n  half a thou");
        await terminal.TypeAsync("ght\r");
        await UntilAsync(() => terminal.Agent.Model.Requests.Count == 2, () => terminal.Shown);

        Assert.Contains("send me later\\nhalf a thought", terminal.Agent.Model.Requests[^1].Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Remembers_prompts_beyond_its_end()
    {
        await BeginAsync("turns: [{ text: First answer., times: 2 }]");
        await terminal.ShowsAsync("First answer.\n\n───"); // at rest
        await terminal.EndAsync();
        terminal = await TerminalSession.StartAsync(terminal.Agent);
        await terminal.TypeAsync("\x12gre");
        await terminal.ShowsAsync("search: gre › greet");
        await terminal.TypeAsync("\r");
        await terminal.ShowsAsync("› greet\n");
        await terminal.TypeAsync("\x15/resume\r");
        await terminal.ShowsAsync("1 prompt   greet");
    }

    [Fact(Timeout = Patience)]
    public async Task Shows_its_last_words_to_whoever_goes_on_with_it()
    {
        await BeginAsync("turns: [{ text: First answer. }]");
        await terminal.ShowsAsync("First answer.\n\n───"); // at rest
        await terminal.EndAsync();
        terminal = await TerminalSession.StartAsync(terminal.Agent, "--continue");

        await terminal.ShowsAsync("Going on with a conversation of 1 prompt. Its end:\n\n› greet\n\nFirst answer.");
    }

    [Fact(Timeout = Patience)]
    public async Task Sends_an_image_that_is_pasted_by_its_path()
    {
        await BeginAsync("turns: [{ text: First answer. }, { text: 'I see it.' }]", greeting: "");
        var image = Path.Combine(terminal.Agent.Workspace, "my shot.png");
        await File.WriteAllBytesAsync(image, [0x89, 0x50, 0x4e, 0x47], TestContext.Current.CancellationToken);
        await terminal.TypeAsync($"what is \x1b[200~{image.Replace(" ", "\\ ", StringComparison.Ordinal)}\x1b[201~");
        await terminal.ShowsAsync("[Image #1 my shot.png]");
        await terminal.TypeAsync("\r");
        await terminal.SeesAsync("First answer.");

        Assert.Contains("iVBORw==", terminal.Agent.Model.Requests[^1].Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Lets_a_person_run_a_command_that_the_model_hears_of()
    {
        await BeginAsync("turns: [{ require: [{ body: 'seven-and-40' }], text: Heard. }]", greeting: "");
        await terminal.TypeAsync("!echo seven-and-$((5*8))\r");
        await terminal.ShowsAsync("\nseven-and-40\n");
        await terminal.TypeAsync("what was it?\r");
        await terminal.SeesAsync("Heard.");
    }

    [Theory(Timeout = Patience)]
    [InlineData("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", "it is light")]
    [InlineData("\x1b]11;rgb:1e1e/1e1e/2e2e\a", "it is dark")]
    [InlineData("\x1b[?997;2n", "it is light")]
    [InlineData("", "does not tell")]
    public async Task Takes_its_colours_from_what_the_terminal_says_of_its_background(string answer, string expected)
    {
        await BeginAsync("turns: [{ text: Hello. }]", greeting: "");
        Assert.Contains("\x1b]11;?", terminal.Output, StringComparison.Ordinal);
        await terminal.TypeAsync(answer + "/theme\r");
        await terminal.ShowsAsync(expected);
    }

    [Fact(Timeout = Patience)]
    public async Task Writes_ten_thousand_deltas_once_and_clears_nothing_that_has_been_said()
    {
        var lines = Enumerable.Range(0, 1200).Select(i => $"Line {i} of an answer that comes in very small pieces.").ToArray();
        await BeginAsync($"turns: [{{ chunk: 6, text: \"{string.Join("\\n", lines)}\\nThe end.\" }}]");
        await terminal.ShowsAsync("The end.\n\n──");

        var shown = terminal.Shown.Split('\n').Where(l => l.StartsWith("Line", StringComparison.Ordinal));
        Assert.Equal(lines, shown);

        // A screen drawn anew for every delta would be millions of bytes.
        Assert.InRange(terminal.Output.Length, 0, 1_000_000);
    }

    [Fact(Timeout = Patience)]
    public async Task Goes_on_in_the_new_width_after_a_resize()
    {
        await BeginAsync("turns: [{ text: First. }, { text: 'Word after word, so many that they do not fit on forty columns at all.' }]");
        await terminal.SeesAsync("First.");
        await terminal.ResizeAsync(40);
        await terminal.TypeAsync("more\r");
        await terminal.ShowsAsync("Word after word, so many that they do\nnot fit on forty columns at all.\n");
    }

    [Theory(Timeout = Patience)]
    [InlineData("1", "xterm-256color", false)]
    [InlineData("", "dumb", false)]
    [InlineData("", "xterm-256color", true)]
    public async Task Has_colour_only_where_it_is_wanted(string noColor, string term, bool expected)
    {
        await BeginAsync(Edits, environment: [("NO_COLOR", noColor), ("TERM", term)]);
        await terminal.SeesAsync("change it first");

        Assert.Equal(expected, Colour().IsMatch(terminal.Output));
        Assert.Equal(term == "dumb", !terminal.Output.Contains('\e', StringComparison.Ordinal));
    }

    private async Task BeginAsync(string script, string file = "hello\n", string greeting = "greet", params (string Name, string Value)[] environment)
    {
        var agent = await AgentProcess.WithModelAsync(script);
        agent.Write("greet.py", file);

        foreach (var (name, value) in environment)
        {
            agent.Environment[name] = value;
        }

        terminal = await TerminalSession.StartAsync(agent);

        if (greeting.Length > 0)
        {
            await terminal.TypeAsync(greeting + "\r");
        }
    }

    [GeneratedRegex(@"\e\[(?:3[0-7]|9[0-7]|38;)")]
    private static partial Regex Colour();
}
