using System.Text.Json.Nodes;
using System.Threading.Channels;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>A program that drives this session through the control protocol, as the official Agent SDKs do.</summary>
internal sealed class ControlHost : IAgentHost
{
    private readonly AgentOptions options;
    private readonly StreamJson stream;
    private readonly TimeProvider time;
    private readonly Func<string, string?> environment;
    private readonly SessionPlan plan;
    private readonly ControlChannel channel;
    private readonly ControlRequests requests;
    private readonly Channel<JsonObject> prompts = Channel.CreateUnbounded<JsonObject>();
    private readonly Lock gate = new();
    private CancellationTokenSource? turn;

    public ControlHost(AgentOptions options, SessionPlan plan, StandardStreams streams, TimeProvider time, Func<string, string?> environment)
    {
        (this.options, this.plan, this.time, this.environment) = (options, plan, time, environment);
        stream = new StreamJson(streams, time, plan.SessionId, options.IncludePartialMessages, options.IncludeHookEvents);
        channel = new ControlChannel(streams);
        requests = new ControlRequests(this, channel, stream, options, environment);
    }

    /// <summary>Made at the first word from the other side, which may still say what kind of session it shall be.</summary>
    public AgentSession? Session { get; private set; }

    public async Task<int> RunAsync(CancellationToken interrupt)
    {
        // Not awaited before the work is done: standard input ends when the other side wants it to.
        var reading = channel.ReadAsync(m => prompts.Writer.WriteAsync(m, CancellationToken.None).AsTask(), requests.HandleAsync, CancellationToken.None)
            .ContinueWith(_ => prompts.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        var code = 0;

        try
        {
            await foreach (var prompt in prompts.Reader.ReadAllAsync(interrupt))
            {
                var (session, failures) = await OpenAsync(interrupt);

                if (session is null)
                {
                    StandardStreams.WriteError(string.Join('\n', failures));
                    return 1;
                }

                code = (await TurnAsync(session, prompt, interrupt)).ExitCode;
            }

            await reading;
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

    public void Report(AgentReport report) => stream.Write(report);

    public async Task<PermissionAnswer?> AskAsync(PermissionQuestion question, CancellationToken cancellationToken)
    {
        if (options.PermissionPromptTool != "stdio" || Session is not { } session)
        {
            return null;
        }

        var request = new JsonObject
        {
            ["subtype"] = "can_use_tool",
            ["tool_name"] = question.Tool.Name,
            ["display_name"] = question.Tool.Name,
            ["input"] = question.Call.Input.DeepClone(),
            ["permission_suggestions"] = PermissionUpdate.Suggestions(question.Tool.Name, question.Subject, session.Workplace),
            ["decision_reason"] = question.Reason,
            ["tool_use_id"] = question.Call.Id,
        };

        if (question.Subject.Kind is Tools.ToolKind.Read or Tools.ToolKind.Edit)
        {
            request["blocked_path"] = question.Subject.Target;
        }

        try
        {
            var answer = await channel.AskAsync(request, cancellationToken);

            return answer.Text("behavior") == "allow"
                ? new PermissionAnswer.Granted(
                    (JsonObject?)answer.Object("updatedInput")?.DeepClone(),
                    answer.Array("updatedPermissions") is { } updates ? p => PermissionUpdate.Apply(p, session.Workplace, updates, requests.MayBypass) : null)
                : new PermissionAnswer.Refused(answer.Text("message") ?? "Permission denied.", answer.Flag("interrupt") ?? false);
        }
        catch (ControlException e)
        {
            return new PermissionAnswer.Refused($"Tool permission request failed: {e.Message}");
        }
    }

    /// <summary>Ends the turn that is running, if there is one.</summary>
    public void Interrupt()
    {
        lock (gate)
        {
            turn?.Cancel();
        }
    }

    public async Task<(AgentSession? Session, IReadOnlyList<Failure> Failures)> OpenAsync(CancellationToken cancellationToken)
    {
        if (Session is null)
        {
            var (session, failures) = SessionFactory.Create(options, plan, this, time, environment);

            if (session is null)
            {
                return (null, failures);
            }

            Session = session;
            await requests.ConnectAsync(session, cancellationToken);
            await session.StartAsync(plan.Restored is null ? "startup" : "resume", cancellationToken);
        }

        return (Session, []);
    }

    private async Task<TurnResult> TurnAsync(AgentSession session, JsonObject message, CancellationToken interrupt)
    {
        var content = message.Object("message")?["content"];
        var blocks = content is JsonArray array ? (JsonArray)array.DeepClone() : [Json.TextBlock(content?.ToString() ?? "")];

        if (options.ReplayUserMessages)
        {
            stream.Line("user", null, w =>
            {
                StreamJson.Node(w, "message", message["message"]);
                w.WriteNull("parent_tool_use_id");
                w.WriteBoolean("isReplay", true);
            });
        }

        using var source = CancellationTokenSource.CreateLinkedTokenSource(interrupt);

        lock (gate)
        {
            turn = source;
        }

        try
        {
            return await new AgentLoop(session).RunAsync(blocks, source.Token);
        }
        finally
        {
            lock (gate)
            {
                turn = null;
            }
        }
    }
}
