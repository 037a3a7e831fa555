using System.Text.Json.Nodes;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>A program that drives this session through the control protocol, as the official Agent SDKs do.</summary>
internal sealed class ControlHost : IAgentHost
{
    private readonly StandardStreams streams;
    private readonly TimeProvider time;
    private readonly SessionPlan plan;
    private readonly ControlChannel channel;
    private readonly ControlRequests requests;
    private readonly ControlQuestions questions;
    private readonly PromptQueue prompts = new();
    private readonly Lock gate = new();
    private readonly long started;
    private CancellationTokenSource? turn;
    private Task<AgentSession>? opening;

    public ControlHost(AgentOptions options, SessionPlan plan, StandardStreams streams, TimeProvider time, Func<string, string?> environment)
    {
        (Options, Environment, this.plan, this.streams, this.time, started) = (options, environment, plan, streams, time, time.GetTimestamp());
        channel = new ControlChannel(streams);
        Beginning = new SessionBeginning(options, channel, () => Session);
        Stream = new StreamJson(streams, time, plan.SessionId, options);
        requests = new ControlRequests(this, channel);
        questions = new ControlQuestions(channel);
    }

    public AgentOptions Options { get; }

    public Func<string, string?> Environment { get; }

    public StreamJson Stream { get; }

    public SessionBeginning Beginning { get; }

    /// <summary>Null until something is asked that needs it: the other side may first say what kind of session it shall be.</summary>
    public AgentSession? Session { get; private set; }

    /// <summary>Time that went by while the model was asked, over all prompts.</summary>
    public TimeSpan ModelTime { get; private set; }

    public TimeSpan Age => time.GetElapsedTime(started);

    /// <summary>Whether the session may be switched to skip all questions: only when its start allowed that.</summary>
    public bool MayBypass => (Options.SkipPermissions || Options.AllowBypass || Options.PermissionMode == "bypassPermissions") && SessionFactory.WhyNoBypass(Environment) is null;

    public async Task<int> RunAsync(CancellationToken interrupt)
    {
        // Not awaited before the work is done: standard input ends when the other side wants it to.
        var reading = channel.ReadAsync(Enqueue, requests.Begin, requests.Cancel, CancellationToken.None)
            .ContinueWith(_ => prompts.Complete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        var code = 0;

        try
        {
            while (await prompts.TakeAsync(interrupt) is { } prompt)
            {
                code = (await TurnAsync(await OpenAsync(interrupt), prompt, interrupt)).ExitCode;
            }

            await reading;
            await requests.FinishAsync(time);
        }
        catch (ControlException e)
        {
            StandardStreams.WriteError(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            // Ended from outside between two prompts.
        }
        finally
        {
            if (Session is not null)
            {
                await Session.CloseAsync("other");
            }
        }

        return code;
    }

    public void Report(AgentReport report) => Stream.Write(report);

    public Task<PermissionAnswer?> AskAsync(PermissionQuestion question, CancellationToken cancellationToken) =>
        Options.PermissionPromptTool == "stdio" && Session is { } session ? questions.AskAsync(question, session, MayBypass, cancellationToken) : Task.FromResult<PermissionAnswer?>(null);

    public Task<JsonObject?> ElicitAsync(string server, JsonObject question, CancellationToken cancellationToken) => questions.ElicitAsync(server, question, cancellationToken);

    /// <summary>Ends the turn that is running, if there is one, and says which prompts will still come.</summary>
    /// <param name="all">Those are taken back, too.</param>
    public JsonObject Interrupt(bool all)
    {
        var waiting = prompts.Names;
        var withdrawn = all ? [.. waiting.Where(prompts.Remove)] : (string[])[];

        foreach (var name in withdrawn)
        {
            Lifecycle(name, "cancelled");
        }

        lock (gate)
        {
            turn?.Cancel();
        }

        var answer = new JsonObject { ["still_queued"] = Json.Strings(waiting.Except(withdrawn)) };

        if (all)
        {
            answer["cancelled"] = Json.Strings(withdrawn);
        }

        return answer;
    }

    /// <summary>Takes back a prompt that has not begun.</summary>
    public JsonObject Withdraw(string name)
    {
        var withdrawn = prompts.Remove(name);

        if (withdrawn)
        {
            Lifecycle(name, "cancelled");
        }

        return new JsonObject { ["cancelled"] = withdrawn, ["message_uuid"] = name };
    }

    /// <summary>The session, which begins with the first thing that needs it.</summary>
    /// <exception cref="ControlException">It cannot begin as it is wanted.</exception>
    public Task<AgentSession> OpenAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            opening ??= BeginAsync(CancellationToken.None);
        }

        return opening.WaitAsync(cancellationToken);
    }

    private async Task<AgentSession> BeginAsync(CancellationToken cancellationToken)
    {
        var (session, failures) = SessionFactory.Create(Options, plan, this, time, Environment);

        if (session is null)
        {
            throw new ControlException(string.Join('\n', failures));
        }

        if (Options.MirrorTranscript)
        {
            session.Transcript.Mirror = (path, line) => streams.WriteLine(w =>
            {
                w.WriteString("type", "transcript_mirror");
                w.WriteString("filePath", path);
                w.WriteStartArray("entries");
                w.WriteRawValue(line.Span, skipInputValidation: true);
                w.WriteEndArray();
            });
        }

        Session = session;
        await Beginning.ConnectAsync(session, cancellationToken);
        await session.StartAsync(plan.Restored is null ? "startup" : "resume", cancellationToken);
        return session;
    }

    private void Enqueue(JsonObject prompt)
    {
        if (prompt.Text("uuid") is { } name)
        {
            Lifecycle(name, "queued");
        }

        prompts.Add(prompt);
    }

    private async Task<TurnResult> TurnAsync(AgentSession session, JsonObject message, CancellationToken interrupt)
    {
        var content = message.Object("message")?["content"];
        var blocks = content is JsonArray array ? (JsonArray)array.DeepClone() : [Json.TextBlock(content?.ToString() ?? "")];
        var name = message.Text("uuid");
        using var source = CancellationTokenSource.CreateLinkedTokenSource(interrupt);

        lock (gate)
        {
            turn = source;
        }

        Lifecycle(name, "started");

        try
        {
            var result = await new AgentLoop(session).RunAsync(blocks, source.Token, Guid.TryParse(name, out var id) ? id : null);
            ModelTime += result.ModelDuration;
            return result;
        }
        finally
        {
            Lifecycle(name, source.IsCancellationRequested ? "cancelled" : "completed");

            lock (gate)
            {
                turn = null;
            }
        }
    }

    /// <summary>What becomes of a prompt that the other side gave a name.</summary>
    private void Lifecycle(string? name, string state)
    {
        if (name is not null)
        {
            Stream.Line("command_lifecycle", null, w =>
            {
                w.WriteString("command_uuid", name);
                w.WriteString("state", state);
            });
        }
    }
}
