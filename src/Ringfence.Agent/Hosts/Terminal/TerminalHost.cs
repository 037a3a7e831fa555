using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>A person at a terminal: sees the work as it happens, is asked before it counts, and can say stop at any time.</summary>
internal sealed class TerminalHost : IAgentHost, IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);

    private readonly AgentOptions options;
    private readonly Func<string, string?> environment;
    private readonly Paint paint;
    private readonly PromptBox prompt;
    private readonly TerminalView view;
    private readonly TerminalStory story;
    private readonly PermissionDialog permissions;
    private readonly TerminalDevice device;
    private readonly OpenSession open;
    private readonly WorkQueue work;
    private readonly ThemeChoice themes;
    private readonly TerminalCommands commands;
    private readonly TypedKeys keys;
    private readonly TimeProvider time;
    private ITimer? comingBack;
    private KeyKind before;
    private bool leaving;

    private TerminalHost(AgentOptions options, TerminalDevice device, StandardStreams streams, TimeProvider time, Func<string, string?> environment)
    {
        (this.options, this.device, this.time, this.environment) = (options, device, time, environment);
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
        work = new WorkQueue(view, paint) { Next = Begin };
        commands = new TerminalCommands(open, work, view, tools, themes, paint, () => leaving = true);
        keys = new TypedKeys(device.IsPlain);
    }

    public static async Task<int> RunAsync(AgentOptions options, StandardStreams streams, TimeProvider time, Func<string, string?> environment, CancellationToken terminated)
    {
        using var device = new TerminalDevice(streams, isPlain: environment("TERM") is null or "" or "dumb");
        using var host = new TerminalHost(options, device, streams, time, environment);
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => host.view.Draw());
        using var continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => host.Continue());

        if (!device.IsPlain)
        {
            host.themes.Learn(Background.IsLightBy(environment("COLORFGBG")));
            streams.WriteText(Background.Question);
        }

        return await host.RunAsync(terminated);
    }

    public void Dispose()
    {
        comingBack?.Dispose();
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

        if (options.Prompt is { Length: > 0 } first)
        {
            Begin(new Written(first));
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
                await SubmitAsync(prompt.Editor.Take());
                break;

            case KeyKind.Escape or KeyKind.Interrupt when work.IsBusy:
                work.Stop();
                TakeBack();
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
                view.Lend();
                device.Suspend();
                break;

            case KeyKind.Redraw:
                view.TellAgain();
                break;

            case KeyKind.Editor:
                await WriteInEditorAsync();
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

    private async Task SubmitAsync(Written written)
    {
        var text = written.Text.Trim();
        prompt.Suggestions.LookIn(open.Current.Workplace.Root);

        if (text.Length == 0 || (text.StartsWith('/') && await commands.TryAsync(text)))
        {
            return;
        }

        if (text.StartsWith('!'))
        {
            commands.Run(text[1..].Trim());
        }
        else if (work.IsBusy)
        {
            work.Enqueue(written);
        }
        else
        {
            Begin(written);
        }
    }

    private void Begin(Written written)
    {
        var session = open.Current;
        // A plain terminal has shown it while it was typed.
        view.Print(device.IsPlain ? "" : "\n" + string.Join('\n', TextWidth.Safe(written.Shown).Split('\n').SelectMany((l, i) => StyledText.Wrap(l, view.Width, i == 0 ? paint.Accent("› ") : "  ", "  "))) + "\n");

        var begun = work.TryBegin("Working", async stop =>
        {
            session.Workplace.Journal.Turn++;
            await new AgentLoop(session).RunAsync(await ContentAsync(session, written, stop), stop);
        });

        if (!begun)
        {
            work.Enqueue(written);
        }
    }

    /// <summary>The text, and the images that were pasted by their paths.</summary>
    private async Task<JsonArray> ContentAsync(AgentSession session, Written written, CancellationToken cancellationToken)
    {
        JsonArray content = [Json.TextBlock(written.Text)];

        foreach (var (name, file) in written.Images)
        {
            var read = await session.Tools.Find("Read")!.RunAsync(new ToolCall("", new() { ["file_path"] = file }, session.Workplace), cancellationToken);

            if (read.Content is JsonArray blocks)
            {
                content.Add(blocks[0]!.DeepClone());
            }
            else
            {
                view.Print(paint.Error($"{TextWidth.Safe(name)} is not sent: {TextWidth.Safe(read.Shown)}"));
            }
        }

        return content;
    }

    /// <summary>What waited comes back to the prompt, before what was just being written.</summary>
    private void TakeBack()
    {
        if (work.TakeBack() is { Count: > 0 } waited)
        {
            var texts = waited.Select(w => w.Shown).Append(prompt.Editor.Text).Where(t => t.Length > 0);
            var (pastes, images) = (waited.SelectMany(w => w.Pastes).DistinctBy(p => p.Key), waited.SelectMany(w => w.Images).DistinctBy(p => p.Key));
            prompt.Editor.Set(new Written(string.Join('\n', texts), pastes.ToDictionary(), images.ToDictionary()));
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

    private async Task WriteInEditorAsync()
    {
        if (device.IsPlain)
        {
            return;
        }

        view.Lend();

        await keys.LeaveToAsync(async () =>
        {
            device.Restore();
            var (text, failure) = await ExternalEditor.ChangeAsync(prompt.Editor.Text, environment);
            device.SetRaw();
            view.Hint(failure ?? "");

            if (text is not null)
            {
                prompt.Editor.Change(text);
            }
        });

        view.Return();
    }

    /// <summary>
    /// Somebody let us go on. In the background the terminal is the shell's, and raw mode would take its keys away: the work goes on unseen until we are
    /// brought back, of which no signal tells when we were not stopped again.
    /// </summary>
    private void Continue()
    {
        if (!TerminalDevice.IsOurs)
        {
            comingBack ??= time.CreateTimer(_ => Continue(), null, LookAgain, LookAgain);
            return;
        }

        comingBack?.Dispose();
        comingBack = null;
        device.SetRaw();
        view.Return();
    }
}
