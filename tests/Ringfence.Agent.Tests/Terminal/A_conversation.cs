using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Terminal;

/// <summary>The real program on a real terminal, with a person's keys.</summary>
public sealed partial class A_conversation : IAsyncDisposable
{
    private const string Edits =
        """
        turns:
          - calls: [{ tool: Read, input: { file_path: greet.py } }]
          - calls: [{ tool: Edit, input: { file_path: greet.py, old_string: hello, new_string: hi } }]
          - text: Finished.
        """;

    private readonly StringBuilder seen = new();
    private AgentProcess agent = null!;
    private Process? terminal;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (terminal is not null)
        {
            terminal.Kill(entireProcessTree: true);
            await terminal.WaitForExitAsync(CancellationToken.None);
            terminal.Dispose();
        }

        await agent.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Lets_a_person_change_an_edit_before_it_is_made()
    {
        await BeginAsync(Edits);
        await SeesAsync("3 change it first");
        await TypeAsync("3");
        await SeesAsync("Change the new text");
        await TypeAsync("\x15moin\r");
        await SeesAsync("+ moin");
        await TypeAsync("1");
        await SeesAsync("Finished.");

        Assert.Equal("moin\n", agent.Read("greet.py"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Takes_no_for_an_answer_and_tells_the_model_why()
    {
        await BeginAsync(Edits.Replace("text: Finished.", "require: [{ result: { contains: leave it alone, error: true } }]\n    text: Finished.", StringComparison.Ordinal));
        await SeesAsync("4 no, and say why");
        await TypeAsync("4");
        await SeesAsync("Why not?");
        await TypeAsync("leave it alone\r");
        await SeesAsync("Finished.");

        Assert.Equal("hello\n", agent.Read("greet.py"));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("1", "xterm-256color", false)]
    [InlineData("", "dumb", false)]
    [InlineData("", "xterm-256color", true)]
    public async Task Has_colour_only_where_it_is_wanted(string noColor, string term, bool expected)
    {
        await BeginAsync(Edits, ("NO_COLOR", noColor), ("TERM", term));
        await SeesAsync("change it first");

        Assert.Equal(expected, Colour().IsMatch(seen.ToString()));
    }

    private async Task BeginAsync(string script, params (string Name, string Value)[] environment)
    {
        agent = await AgentProcess.WithModelAsync(script);
        agent.Write("greet.py", "hello\n");
        agent.Environment["TERM"] = "xterm-256color";

        foreach (var (name, value) in environment)
        {
            agent.Environment[name] = value;
        }

        // The program script gives it a terminal; what comes to its own input is typed there.
        terminal = Process.Start(agent.Prepare("script", ["-qec", $"dotnet '{AgentProcess.Executable}'", "/dev/null"]))!;
        await SeesAsync("/help for help");
        await TypeAsync("greet\r");
    }

    private async Task TypeAsync(string keys)
    {
        await terminal!.StandardInput.WriteAsync(keys);
        await terminal.StandardInput.FlushAsync(Cancel);
    }

    private async Task SeesAsync(string text)
    {
        var buffer = new char[4096];

        while (!Escape().Replace(seen.ToString(), "").Contains(text, StringComparison.Ordinal))
        {
            var count = await terminal!.StandardOutput.ReadAsync(buffer, Cancel);
            Assert.True(count > 0, $"It ended without '{text}':\n{seen}");
            seen.Append(buffer, 0, count);
        }
    }

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\e\[(?:3[0-7]|9[0-7]|38;)")]
    private static partial Regex Colour();
}
