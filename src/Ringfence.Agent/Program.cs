using System.Runtime.InteropServices;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Iteration;
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
        using var streams = new StandardStreams();

        if (options.ShowVersion || options.ShowHelp)
        {
            streams.WriteText(options.ShowVersion ? Version + " (ringfence-agent)\n" : Help.Text);
            return 0;
        }

        if (failures.Count > 0)
        {
            StandardStreams.WriteError(string.Join('\n', failures));
            return 1;
        }

        using var interrupt = new CancellationTokenSource();
        var terminated = false;
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Stop(s, interrupt));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s =>
        {
            terminated = true;
            Stop(s, interrupt);
        });

        var code = await RunAsync(options, streams, () => terminated, interrupt.Token);
        return terminated ? Terminated : code;
    }

    private static async Task<int> RunAsync(AgentOptions options, StandardStreams streams, Func<bool> terminated, CancellationToken interrupt)
    {
        var prompt = Input(options);

        if (prompt.Length == 0)
        {
            StandardStreams.WriteError("Error: Input must be provided either through stdin or as a prompt argument when using --print");
            return 1;
        }

        var time = TimeProvider.System;
        var id = options.SessionId ?? Guid.CreateVersion7(time.GetUtcNow()).ToString();
        var stream = new StreamJson(streams, time, id, options.IncludePartialMessages, options.IncludeHookEvents);
        var host = new ScriptedHost(streams, options.OutputFormat, stream);
        var (session, failures) = SessionFactory.Create(options, id, host, time, Environment.GetEnvironmentVariable);

        if (session is null)
        {
            StandardStreams.WriteError(string.Join('\n', failures));
            return 1;
        }

        using (session)
        {
            var result = await new AgentLoop(session).RunAsync([Json.TextBlock(prompt)], interrupt);
            return result.ExitCode;
        }
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
