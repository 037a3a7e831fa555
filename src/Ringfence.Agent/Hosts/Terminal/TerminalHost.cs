using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>A person at a terminal: sees the work as it happens, is asked before it counts, and can say stop at any time.</summary>
internal sealed class TerminalHost : IAgentHost, IDisposable
{
    private readonly AgentOptions options;
    private readonly TimeProvider time;
    private readonly Func<string, string?> environment;
    private readonly Paint paint;
    private readonly ToolLines tools;
    private readonly TerminalView view;
    private readonly TerminalDevice device;
    private readonly Channel<Key> keys = Channel.CreateUnbounded<Key>();
    private readonly Queue<string> queued = new();
    private readonly SemaphoreSlim asking = new(1, 1);
    private AgentSession session = null!;
    private CancellationTokenSource? turn;
    private Question? question;
    private bool leaving;

    private TerminalHost(AgentOptions options, TerminalDevice device, StandardStreams streams, TimeProvider time, Func<string, string?> environment)
    {
        (this.options, this.device, this.time, this.environment) = (options, device, time, environment);
        paint = new Paint(environment("NO_COLOR") is null or "" && environment("TERM") is not "dumb");
        tools = new ToolLines(paint);
        view = new TerminalView(new Screen(streams, device), paint, time);
    }

    private sealed record Question(PermissionQuestion About, TaskCompletionSource<PermissionAnswer> Answer)
    {
        /// <summary>The prompt now takes the changed command, or the reason for saying no.</summary>
        public string? Writing { get; set; }
    }

    public static async Task<int> RunAsync(AgentOptions options, StandardStreams streams, TimeProvider time, Func<string, string?> environment, CancellationToken terminated)
    {
        using var device = new TerminalDevice(streams);
        using var host = new TerminalHost(options, device, streams, time, environment);
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => host.view.Draw());
        using var continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ =>
        {
            device.SetRaw();
            host.view.Draw();
        });

        return await host.RunAsync(terminated);
    }

    public void Dispose()
    {
        asking.Dispose();
        turn?.Dispose();
    }

    private async Task<int> RunAsync(CancellationToken terminated)
    {
        if (await OpenAsync(options, terminated) is { } failures)
        {
            view.Leave(string.Join('\n', failures));
            return 1;
        }

        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
        view.Print($"{paint.Bold("ringfence-agent")} {Program.Version} {paint.Dim($"{session.Model} in {session.Workplace.Root}, /help for help")}");

        if (options.Prompt is { Length: > 0 } first)
        {
            Begin(first);
        }

        try
        {
            while (!leaving && await keys.Reader.WaitToReadAsync(terminated))
            {
                while (!leaving && keys.Reader.TryRead(out var key))
                {
                    await HandleAsync(key);

                    if (key.Kind != KeyKind.Suspend)
                    {
                        view.Draw();
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Terminated from outside.
        }

        turn?.Cancel();
        await session.CloseAsync("prompt_input_exit");
        view.Leave(paint.Dim($"Go on with: ringfence-agent --resume {session.Id}"));
        return 0;
    }

    public void Report(AgentReport report)
    {
        if (report.ParentToolUseId is not null)
        {
            if (report is AgentReport.Spoke { Block: var inner } && inner.Text("type") == "tool_use")
            {
                view.Print("  " + tools.Call(inner, view.Width - 2));
            }

            return;
        }

        switch (report)
        {
            case AgentReport.Streamed { Event: var e } when e.Text("type") == "message_start":
                view.DropPartial();
                break;

            case AgentReport.Streamed { Event: var e } when e.Object("delta").Text("text") is { } delta:
                view.Stream(delta);
                break;

            case AgentReport.Streamed { Event: var e } when e.Object("delta").Text("type") == "thinking_delta":
                view.Doing = "Thinking";
                break;

            case AgentReport.Requesting:
                view.Doing = "Waiting for the model";
                break;

            case AgentReport.Spoke { Block: var block } when block.Text("type") == "text":
                view.EndStream();
                break;

            case AgentReport.Spoke { Reply.Model: "<synthetic>", Block: var said }:
                view.Print(paint.Red(TextWidth.Safe(said.Text("text") ?? "")));
                break;

            case AgentReport.ToolStarted { OutputFile: "" } started:
                view.Doing = started.Use.Text("name") ?? "";
                view.Print(tools.Call(started.Use, view.Width));
                break;

            case AgentReport.ToolReturned returned:
                view.Print(tools.Result(returned, view.Width));
                break;

            case AgentReport.Retrying { Retry: var retry }:
                view.Print(paint.Yellow(TextWidth.Safe($"{retry.Failure.Message} Trying again in {retry.Delay.TotalSeconds:0.#} s ({retry.Attempt} of {retry.MaxRetries}).")));
                break;

            case AgentReport.Compacted compacted:
                view.Print(paint.Dim($"The conversation was shortened. Left out: {TextWidth.Safe(compacted.Dropped)}"));
                break;

            case AgentReport.Notice notice:
                view.Print(paint.Yellow(TextWidth.Safe(notice.Text)));
                break;

            case AgentReport.TurnEnded { Result: var result }:
                view.EndStream();
                view.Print(result.IsError ? paint.Red(result.Subtype == "success" ? TextWidth.Safe(result.Text) : string.Join("; ", result.Errors)) : "");
                break;
        }
    }

    public async Task<PermissionAnswer?> AskAsync(PermissionQuestion asked, CancellationToken cancellationToken)
    {
        await asking.WaitAsync(cancellationToken);

        try
        {
            view.EndStream();
            view.Print($"{paint.Yellow("?")} {paint.Bold(asked.Tool.Name)} {TextWidth.Safe(asked.Subject.Kind == Tools.ToolKind.Command ? "" : asked.Subject.Target)}\n"
                + await tools.PreviewAsync(asked, view.Width, cancellationToken));
            question = new Question(asked, new TaskCompletionSource<PermissionAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
            var mayEdit = asked.Subject.Kind == Tools.ToolKind.Command;
            view.Ask($"{paint.Bold("1")} yes  {paint.Bold("2")} always  {(mayEdit ? $"{paint.Bold("3")} change it first  " : "")}{paint.Bold("4")} no, and say why  {paint.Dim("Esc stop")}");
            return await question.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            question = null;
            view.Ask(null);
            asking.Release();
        }
    }

    private async Task HandleAsync(Key key)
    {
        if (question is { Answer.Task.IsCompleted: false } open && HandleQuestion(open, key))
        {
            return;
        }

        switch (key.Kind)
        {
            case KeyKind.Enter when !view.Editor.IsEmpty:
                await SubmitAsync(view.Editor.Take());
                break;

            case KeyKind.Escape or KeyKind.Interrupt when turn is not null:
                turn.Cancel();
                break;

            case KeyKind.Interrupt when !view.Editor.IsEmpty:
                view.Editor.Clear();
                break;

            case KeyKind.Interrupt or KeyKind.EndOfInput when view.Editor.IsEmpty:
                leaving = true;
                break;

            case KeyKind.Suspend:
                view.Suspend(device);
                break;

            case KeyKind.NextMode:
                session.Permissions.Mode = session.Permissions.Mode switch
                {
                    PermissionMode.Default => PermissionMode.AcceptEdits, PermissionMode.AcceptEdits => PermissionMode.Plan, _ => PermissionMode.Default,
                };
                break;

            default:
                view.Editor.Apply(key);
                break;
        }
    }

    /// <returns>False when the key is for the prompt.</returns>
    private bool HandleQuestion(Question open, Key key)
    {
        if (key.Kind is KeyKind.Escape or KeyKind.Interrupt)
        {
            open.Answer.TrySetResult(new PermissionAnswer.Refused("The user stopped here.", Interrupt: true));
            turn?.Cancel();
            return true;
        }

        if (open.Writing is { } writing)
        {
            if (key.Kind != KeyKind.Enter)
            {
                return false;
            }

            var text = view.Editor.Take();
            var changed = (JsonObject)open.About.Call.Input.DeepClone();
            changed["command"] = text;

            open.Answer.TrySetResult(writing == "change" ? new PermissionAnswer.Granted(changed)
                : new PermissionAnswer.Refused(text.Trim().Length > 0 ? $"The user rejected this, and said: {text}" : "The user rejected this. Ask what they want instead."));
            return true;
        }

        switch (key)
        {
            case { Kind: KeyKind.Enter } when view.Editor.IsEmpty:
            case { Kind: KeyKind.Text, Text: "1" or "y" } when view.Editor.IsEmpty:
                open.Answer.TrySetResult(new PermissionAnswer.Granted());
                return true;

            case { Kind: KeyKind.Text, Text: "2" or "a" } when view.Editor.IsEmpty:
                open.Answer.TrySetResult(new PermissionAnswer.Granted(Apply: policy => PermissionUpdate.Apply(
                    policy, session.Workplace, PermissionUpdate.Suggestions(open.About.Tool.Name, open.About.Subject, session.Workplace), mayBypass: false)));
                return true;

            case { Kind: KeyKind.Text, Text: "3" or "e" } when view.Editor.IsEmpty && open.About.Subject.Kind == Tools.ToolKind.Command:
                open.Writing = "change";
                view.Editor.Set(open.About.Call.Input.Text("command") ?? "");
                view.Ask("Change the command, Enter runs it.");
                return true;

            case { Kind: KeyKind.Text, Text: "4" or "n" } when view.Editor.IsEmpty:
                open.Writing = "reason";
                view.Ask("Why not? What instead? Enter sends it.");
                return true;

            default:
                return false;
        }
    }

    private async Task SubmitAsync(string text)
    {
        if (text.Trim().Length == 0)
        {
            return;
        }

        if (text.StartsWith('/') && await CommandAsync(text.Trim()))
        {
            return;
        }

        if (turn is not null)
        {
            lock (queued)
            {
                queued.Enqueue(text);
            }

            view.Print(paint.Dim($"› {TextWidth.Safe(text)} (sent when this is done)"));
            return;
        }

        Begin(text);
    }

    private void Begin(string text)
    {
        view.Print($"\n{paint.Cyan("›")} {TextWidth.Safe(text)}\n");
        turn = new CancellationTokenSource();
        view.Working(session);
        session.Workplace.Journal.Turn++;
        _ = WorkAsync(text, turn);
    }

    private async Task WorkAsync(string text, CancellationTokenSource source)
    {
        try
        {
            // Not on the thread that handles keys: a person can stop it from the first moment.
            await Task.Run(() => new AgentLoop(session).RunAsync([Json.TextBlock(text)], source.Token));
        }
        catch (Exception e)
        {
            view.Print(paint.Red($"Internal error: {e}"));
        }

        turn = null;
        source.Dispose();
        view.Idle();
        string? next = null;

        lock (queued)
        {
            queued.TryDequeue(out next);
        }

        if (next is not null)
        {
            Begin(next);
        }
    }

    private async Task<bool> CommandAsync(string text)
    {
        var name = text.Split(' ', 2)[0];
        var rest = text.Length > name.Length ? text[(name.Length + 1)..].Trim() : "";

        if (turn is not null && name is "/compact" or "/clear" or "/resume" or "/undo")
        {
            view.Print(paint.Yellow($"{name} has to wait until the work is done (Esc stops it)."));
            return true;
        }

        switch (name)
        {
            case "/help":
                view.Print(SlashCommands.Help);
                break;

            case "/context":
                view.Print(SlashCommands.Context(session, paint));
                break;

            case "/cost":
                view.Print(SlashCommands.Cost(session));
                break;

            case "/model":
                view.Print(SlashCommands.Model(session, rest));
                break;

            case "/mode":
                view.Print(SlashCommands.Mode(session, rest));
                break;

            case "/diff":
                view.Print(SlashCommands.Diff(session, tools, view.Width));
                break;

            case "/undo":
                view.Print(SlashCommands.Undo(session));
                break;

            case "/compact":
                view.Working(session);
                await new AgentLoop(session).CompactAsync("manual", rest, CancellationToken.None);
                view.Idle();
                break;

            case "/clear":
                await ReopenAsync(options with { Resume = null, Continue = false, SessionId = null, ForkSession = false, Prompt = null });
                break;

            case "/resume":
                await ResumeAsync(rest);
                break;

            case "/exit" or "/quit":
                leaving = true;
                break;

            default:
                // Paths begin with a slash, too.
                return false;
        }

        return true;
    }

    private async Task ResumeAsync(string which)
    {
        var store = new SessionStore(SessionFactory.UserDirectory(environment), session.Workplace.Root);
        var recent = store.Recent().Where(id => id != session.Id).Take(10).ToArray();

        if (which.Length > 0)
        {
            var id = int.TryParse(which, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= recent.Length ? recent[number - 1] : which;
            await ReopenAsync(options with { Resume = id, Continue = false, SessionId = null, ForkSession = false, Prompt = null });
            return;
        }

        var lines = recent.Select((id, i) =>
        {
            var first = Transcript.Read(store.PathOf(id), null).Restored?.Messages.FirstOrDefault(m => m.Role == "user").Content?.FirstOrDefault(b => b.Text("type") == "text");
            return $"{i + 1,3}  {TextWidth.Cut(TextWidth.Safe(first.Text("text") ?? "(empty)"), view.Width - 6)}";
        });

        view.Print(recent.Length == 0 ? "No earlier conversation here." : string.Join('\n', lines) + "\n" + paint.Dim("/resume NUMBER goes on with it."));
    }

    private async Task ReopenAsync(AgentOptions with)
    {
        var before = session;

        if (await OpenAsync(with, CancellationToken.None) is { } failures)
        {
            view.Print(paint.Red(string.Join('\n', failures)));
            return;
        }

        await before.CloseAsync("clear");
        view.Print(paint.Dim(with.Resume is null ? "A new conversation." : $"Going on with {session.Id}."));
    }

    private async Task<IReadOnlyList<Failure>?> OpenAsync(AgentOptions with, CancellationToken cancellationToken)
    {
        var (plan, wrong) = SessionFactory.Plan(with, time, environment);

        if (plan is null)
        {
            return wrong;
        }

        var (opened, failures) = SessionFactory.Create(with, plan, this, time, environment);

        if (opened is null)
        {
            return failures;
        }

        session = opened;
        view.Show(session);
        await session.StartAsync(plan.Restored is null ? "startup" : "resume", cancellationToken);
        return null;
    }

    private void ReadKeys()
    {
        var decoder = new KeyDecoder();
        Span<byte> buffer = stackalloc byte[4096];

        while (TerminalDevice.Read(buffer) is > 0 and var count)
        {
            foreach (var key in decoder.Decode(buffer[..count], isComplete: !TerminalDevice.HasMore(20)))
            {
                keys.Writer.TryWrite(key);
            }
        }

        keys.Writer.TryComplete();
    }
}
