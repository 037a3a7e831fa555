using System.Runtime.InteropServices;
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
    private readonly TerminalStory story;
    private readonly PermissionDialog permissions;
    private readonly TerminalDevice device;
    private readonly Queue<string> queued = new();
    private AgentSession session = null!;
    private CancellationTokenSource? turn;
    private bool leaving;

    private TerminalHost(AgentOptions options, TerminalDevice device, StandardStreams streams, TimeProvider time, Func<string, string?> environment)
    {
        (this.options, this.device, this.time, this.environment) = (options, device, time, environment);
        paint = new Paint(environment("NO_COLOR") is null or "" && environment("TERM") is not "dumb");
        tools = new ToolLines(paint);
        view = new TerminalView(new Screen(streams, device), paint, time);
        story = new TerminalStory(view, tools, paint);
        permissions = new PermissionDialog(view, tools, paint);
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
        permissions.Dispose();
        turn?.Dispose();
    }

    private async Task<int> RunAsync(CancellationToken terminated)
    {
        if (await OpenAsync(options, terminated) is { } failures)
        {
            view.Leave(string.Join('\n', failures));
            return 1;
        }

        var keys = TypedKeys.Start();
        view.Print($"{paint.Bold("ringfence-agent")} {Program.Version} {paint.Dim($"{session.Model} in {session.Workplace.Root}, /help for help")}");

        if (options.Prompt is { Length: > 0 } first)
        {
            Begin(first);
        }

        try
        {
            while (!leaving && await keys.WaitToReadAsync(terminated))
            {
                while (!leaving && keys.TryRead(out var key))
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

    public void Report(AgentReport report) => story.Tell(report);

    public Task<PermissionAnswer?> AskAsync(PermissionQuestion question, CancellationToken cancellationToken) =>
        permissions.AskAsync(question, session.Workplace, cancellationToken);

    private async Task HandleAsync(Key key)
    {
        if (await permissions.HandleAsync(key, stop: () => turn?.Cancel()))
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
                if (SlashCommands.Answer(session, name, rest, tools, paint, view.Width) is not { } answer)
                {
                    return false; // paths begin with a slash, too
                }

                view.Print(answer);
                break;
        }

        return true;
    }

    private async Task ResumeAsync(string which)
    {
        var earlier = new EarlierConversations(new SessionStore(SessionFactory.UserDirectory(environment), session.Workplace.Root), session.Id);

        if (which.Length == 0)
        {
            view.Print(earlier.List(view.Width, paint));
            return;
        }

        await ReopenAsync(options with { Resume = earlier.Find(which), Continue = false, SessionId = null, ForkSession = false, Prompt = null });
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
}
