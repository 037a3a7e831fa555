using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Hosts.Acp;
using Ringfence.Agent.Hosts.Control;
using Ringfence.Agent.Hosts.Terminal;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;

namespace Ringfence.Agent;

/// <summary>The way in: reads the command line, chooses who is on the other side, and turns the ending into an exit code.</summary>
internal static class Program
{
    public const string Version = "0.1.0";

    public const string UserAgent = "ringfence-agent/" + Version;

    private const int Terminated = 143;

    public static async Task<int> Main(string[] arguments)
    {
        var (options, failures) = CommandLine.Parse(arguments);
        var streams = new StandardStreams();

        if (options.ShowVersion || options.ShowHelp)
        {
            streams.WriteText(options.ShowVersion ? Version + " (ringfence-agent)\n" : Help.Text);
            return 0;
        }

        if (failures.Count > 0)
        {
            return Refuse(failures);
        }

        using var interrupt = new CancellationTokenSource();
        var terminated = false;
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Stop(s, interrupt));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s =>
        {
            terminated = true;
            Stop(s, interrupt);
        });

        var code = await RunAsync(options, streams, interrupt.Token);
        return terminated ? Terminated : code;
    }

    private static async Task<int> RunAsync(AgentOptions options, StandardStreams streams, CancellationToken interrupt)
    {
        var time = TimeProvider.System;

        if (options.Acp)
        {
            return await new AcpHost(options, streams, time, Environment.GetEnvironmentVariable).RunAsync(interrupt);
        }

        if (!options.Print && options.InputFormat == "text" && options.OutputFormat == "text" && StandardStreams.IsTerminal(0) && StandardStreams.IsTerminal(1))
        {
            return await TerminalHost.RunAsync(options, streams, time, Environment.GetEnvironmentVariable, interrupt);
        }

        var (plan, wrong) = SessionFactory.Plan(options, time, Environment.GetEnvironmentVariable);

        if (plan is null)
        {
            Tell(wrong, options, streams);
            return Refuse(wrong);
        }

        if (options.InputFormat == "stream-json")
        {
            return await new ControlHost(options, plan, streams, time, Environment.GetEnvironmentVariable).RunAsync(interrupt);
        }

        var prompt = Input(options);

        if (prompt.Length == 0)
        {
            StandardStreams.WriteError("Error: Input must be provided either through stdin or as a prompt argument when using --print");
            return 1;
        }

        var stream = new StreamJson(streams, time, plan.SessionId, options);
        var host = new ScriptedHost(streams, options.OutputFormat, stream);
        var (session, failures) = SessionFactory.Create(options, plan, host, time, Environment.GetEnvironmentVariable);

        if (session is null)
        {
            return Refuse(failures);
        }

        try
        {
            await session.StartAsync(plan.Restored is null ? "startup" : "resume", interrupt);
            return (await new AgentLoop(session).RunAsync([Json.TextBlock(prompt)], interrupt)).ExitCode;
        }
        finally
        {
            await session.CloseAsync("other");
        }
    }

    /// <summary>A program that reads the stream is told in the stream, too.</summary>
    private static void Tell(IReadOnlyList<Failure> failures, AgentOptions options, StandardStreams streams)
    {
        if (options.OutputFormat == "stream-json")
        {
            streams.WriteLine(w =>
            {
                w.WriteString("type", "result");
                w.WriteString("subtype", "error_during_execution");
                w.WriteBoolean("is_error", true);
                StreamJson.Node(w, "errors", Json.Strings(failures.Select(f => f.Message)));
                w.WriteNumber("num_turns", 0);
                w.WriteNumber("duration_ms", 0);
                w.WriteNumber("duration_api_ms", 0);
                w.WriteNumber("total_cost_usd", 0);
                StreamJson.Node(w, "usage", default(TokenUsage).ToJson());
                StreamJson.Node(w, "modelUsage", new JsonObject());
                StreamJson.Node(w, "permission_denials", new JsonArray());
                w.WriteNull("stop_reason");
                w.WriteString("terminal_reason", "turn_setup_failed");
                w.WriteNumber("result_index", 0);
                w.WriteString("session_id", options.Resume ?? options.SessionId ?? "");
                w.WriteString("uuid", Guid.CreateVersion7(TimeProvider.System.GetUtcNow()));
            });
        }
    }

    private static int Refuse(IReadOnlyList<Failure> failures)
    {
        StandardStreams.WriteError(string.Join('\n', failures));
        return 1;
    }

    private static string Input(AgentOptions options)
    {
        var piped = StandardStreams.ReadInput(TimeSpan.FromSeconds(3));
        return string.Join('\n', new[] { options.Prompt, piped?.TrimEnd('\n') }.Where(p => !string.IsNullOrWhiteSpace(p)));
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource interrupt)
    {
        signal.Cancel = true;
        interrupt.Cancel();
    }
}
