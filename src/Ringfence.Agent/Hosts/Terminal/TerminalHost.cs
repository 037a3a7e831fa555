using System.Runtime.InteropServices;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>A person at a terminal: sees the work as it happens, is asked before it counts, and can say stop at any time.</summary>
internal sealed class TerminalHost : IAgentHost, IDisposable
{
    private readonly AgentOptions options;
    private readonly Paint paint;
    private readonly PromptBox prompt;
    private readonly TerminalView view;
    private readonly TerminalStory story;
    private readonly PermissionDialog permissions;
    private readonly TerminalDevice device;
    private readonly OpenSession open;
    private readonly WorkQueue work;
    private readonly ThemeChoice themes;
    private readonly SentPrompts sent;
    private readonly TypedKeys keys;
    private readonly TerminalLoan loan;
    private KeyKind before;
    private bool leaving;

    private TerminalHost(AgentOptions options, TerminalDevice device, StandardStreams streams, TimeProvider time, Func<string, string?> environment)
    {
        (this.options, this.device) = (options, device);
        var userDirectory = SessionFactory.UserDirectory(environment);
        paint = Paint.For(environment);
        themes = new ThemeChoice(paint);
        prompt = new PromptBox(new PromptHistory(options.NoSessionPersistence ? null : Path.Combine(userDirectory, "ringfence-prompts.jsonl"),
            RealPath.Of(options.Directory ?? Directory.GetCurrentDirectory())), paint);

        var activity = new Activity(time);
        var tools = new ToolLines(paint);
        view = new TerminalView(new Screen(streams, device), prompt, activity, paint, time);
        prompt.Suggestions.Ready = view.Draw;
        story = new TerminalStory(view, activity, tools, paint);
        permissions = new PermissionDialog(view, story, prompt.Editor, tools, paint, activity);
        open = new OpenSession(options, this, view, time, environment);
        work = new WorkQueue(view, paint) { Next = written => sent!.Begin(written) };
        var commands = new TerminalCommands(open, work, view, tools, themes, paint, () => leaving = true);
        sent = new SentPrompts(open, work, commands, prompt, view, paint, device.IsPlain);
        keys = new TypedKeys(device.IsPlain);
        loan = new TerminalLoan(device, view, keys, prompt.Editor, time, environment);
    }

    public static async Task<int> RunAsync(AgentOptions options, StandardStreams streams, TimeProvider time, Func<string, string?> environment, CancellationToken terminated)
    {
        using var device = new TerminalDevice(streams, isPlain: environment("TERM") is null or "" or "dumb");
        using var host = new TerminalHost(options, device, streams, time, environment);
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => host.view.Draw());
        using var continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => host.loan.FromTheShell());

        if (!device.IsPlain)
        {
            host.themes.Learn(Background.IsLightBy(environment("COLORFGBG")));
            streams.WriteText(Background.Question);
        }

        return await host.RunAsync(terminated);
    }

    public void Dispose()
    {
        loan.Dispose();
        permissions.Dispose();
        work.Dispose();
        view.Dispose();
    }

    public void Report(AgentReport report) => story.Tell(report);

    public async Task<PermissionAnswer?> AskAsync(PermissionQuestion question, CancellationToken cancellationToken)
    {
        var answer = await permissions.AskAsync(question, open.Current.Workplace, cancellationToken);

        if (answer is PermissionAnswer.Granted)
        {
            story.Approved(question.Call.Id);
        }

        return answer;
    }

    private async Task<int> RunAsync(CancellationToken terminated)
    {
        if (await open.OpenAsync(terminated) is { } failures)
        {
            view.Leave(string.Join('\n', failures));
            return 1;
        }

        themes.Use(open.Current.Theme);
        var about = $"{paint.Bold("ringfence-agent")} {Program.Version} {paint.Quiet($"· {TextWidth.Safe(open.Current.Model)} in {TextWidth.Safe(open.Current.Workplace.Root)} · /help for help")}";
        view.Print(string.Join('\n', StyledText.Wrap(about, view.Width, rest: "  ")));

        if (open.Current.Conversation.Messages.Count > 0)
        {
            view.Say("\n" + EarlierConversations.End(open.Current.Conversation, view.Width, paint));
        }

        if (options.Prompt is { Length: > 0 } first)
        {
            sent.Begin(new Written(first));
        }

        try
        {
            while (!leaving && await keys.Reader.WaitToReadAsync(terminated))
            {
                while (!leaving && keys.Reader.TryRead(out var key))
                {
                    await HandleAsync(key);
                    view.Draw();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Terminated from outside.
        }

        work.Stop();
        await open.Current.CloseAsync("prompt_input_exit");
        view.Leave(paint.Quiet($"Go on with: ringfence --resume {open.Current.Id}"));
        return 0;
    }

    private async Task HandleAsync(Key key)
    {
        var again = key.Kind == before;
        before = key.Kind;
        view.Hint("");

        if (await permissions.HandleAsync(key, work.Stop) || prompt.Handle(key))
        {
            return;
        }

        switch (key.Kind)
        {
            case KeyKind.Enter when !prompt.Editor.IsEmpty:
                await sent.SendAsync(prompt.Editor.Take());
                break;

            case KeyKind.Escape or KeyKind.Interrupt when work.IsBusy:
                // Taken back first: what is stopped may end at once, and what waits behind it would begin.
                sent.TakeBack();
                work.Stop();
                break;

            case KeyKind.Escape or KeyKind.Interrupt when !prompt.Editor.IsEmpty:
                ClearPrompt(isSure: again || key.Kind == KeyKind.Interrupt);
                break;

            case KeyKind.Interrupt:
                leaving = again;
                view.Hint("Ctrl-C again leaves.");
                break;

            case KeyKind.EndOfInput:
                leaving = true;
                break;

            case KeyKind.Suspend when !device.IsPlain:
                loan.ToTheShell();
                break;

            case KeyKind.Redraw:
                view.TellAgain();
                break;

            case KeyKind.Editor when !device.IsPlain:
                await loan.ToAnEditorAsync();
                break;

            case KeyKind.Expand:
                view.Print(story.LastResult.Length > 0 ? story.LastResult : paint.Quiet("There is no result yet."));
                break;

            case KeyKind.NextMode:
                open.Current.Permissions.Mode = open.Current.Permissions.Mode switch
                {
                    PermissionMode.Default => PermissionMode.AcceptEdits, PermissionMode.AcceptEdits => PermissionMode.Plan, _ => PermissionMode.Default,
                };
                break;

            case KeyKind.FocusIn or KeyKind.FocusOut:
                view.Focus(key.Kind == KeyKind.FocusIn);
                break;

            // 997 tells that the terminal has gone dark (1) or light (2).
            case KeyKind.Report:
                themes.Learn(key.Text switch { "?997;1n" => false, "?997;2n" => true, _ => Background.IsLight(key.Text) });
                break;
        }
    }

    private void ClearPrompt(bool isSure)
    {
        if (!isSure)
        {
            view.Hint("Esc again clears what you wrote; ↑ brings it back.");
            return;
        }

        prompt.Editor.Take();
    }
}
