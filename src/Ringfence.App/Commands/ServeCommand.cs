using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Ringfence.Access;
using Ringfence.App.Api;
using Ringfence.App.Cli;
using Ringfence.Notifications;
using Ringfence.Runs;
using Ringfence.Triggers;
using Ringfence.Workflows;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence serve</c>: the API, and the runs that it is asked for.</summary>
internal static class ServeCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new ServeOptions();
        var upstreams = new UpstreamOptions();

        var command = new Command(
            "serve",
            """
            Serves the HTTP API and executes what it is asked for.

            Several processes may share one PostgreSQL database. The first start prints an admin key, once.
            A run that was accepted is not lost: when a process dies, another one, or its next start, takes its runs up again.
            SIGTERM drains: nothing new is taken, what is going has --drain-time to end; then, or at a second SIGTERM, it goes back to the queue.

            Example:
              ringfence serve --listen 127.0.0.1:7480 --database postgres://ringfence@db/ringfence
            """);

        foreach (var option in options.All.Concat(upstreams.All))
        {
            command.Add(option);
        }

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var servers = upstreams.Read(parsed);
            var read = options.Read(parsed, Variables());

            if (servers.IsFailure || read.IsFailure)
            {
                terminal.WriteFailures([.. read.Failures, .. servers.Failures]);
                return ExitCodes.BadInput;
            }

            var settings = read.Value;

            if (!(await RunHost.StartAsync(home, servers.Value, cancellationToken)).Succeeded(out var host, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            await using var _ = host;

            if (!PolicyFile.Of(home.Folder).Succeeded(out var policy, out why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            using var logs = LoggerFactory.Create(logging => logging.AddFilter("Microsoft", LogLevel.Warning).AddJsonConsole(console =>
                {
                    console.UseUtcTimestamp = true;
                    console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
                })
                .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
            var queue = new RunQueue(
                home.Runs, home.Approvals, home.Supervisor, home.Recovery, (request, token) => host.PrepareAsync(request, home.Folder, token), settings.MostRuns,
                settings.MostRunsPerRepository, TimeProvider.System, logs.CreateLogger<RunQueue>());

            return await ServeAsync(terminal, home, queue, settings, policy, logs, cancellationToken);
        });

        return command;
    }

    private static Dictionary<string, string?> Variables() => Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value, StringComparer.Ordinal);

    private static async Task<int> ServeAsync(
        Terminal terminal, Home home, RunQueue queue, ServeSettings settings, ServerPolicy policy, ILoggerFactory logs, CancellationToken draining)
    {
        await using var api = ApiHost.Build(settings, home, queue, logs, draining);

        try
        {
            await api.StartAsync(draining);
        }
        catch (IOException taken)
        {
            terminal.WriteFailures([new Failure("bad_listen", $"Cannot listen on {settings.Listen}: {taken.Message}", "Another port: --listen 127.0.0.1:0")]);
            return ExitCodes.Environment;
        }

        if (await new ApiKeyStore(home.Database, TimeProvider.System).CreateFirstAsync(draining) is { } secret)
        {
            terminal.WriteLine($"Admin key, shown once: {secret}");
        }

        terminal.WriteLine($"Serving on {string.Join(", ", api.Urls)}");
        await terminal.Output.FlushAsync(draining);

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Interrupt.Insisted);
        await using var drained = draining.Register(() => stopping.CancelAfter(settings.DrainTime));
        
        // As the file has it now; one that cannot be read changes nothing.
        ServerPolicy Policy() => PolicyFile.Of(home.Folder).Succeeded(out var now, out _) ? policy = now : policy;
        using var sender = new WebhookSender(home.Database, Policy, TimeProvider.System);
        using var sent = new CancellationTokenSource();
        var sending = sender.RunAsync(sent.Token);
        var triggers = new TriggerService(
            new TriggerStore(home.Database, TimeProvider.System), home.Runs, home.Workflows, () => PolicyFile.Of(home.Folder), queue.Ring, TimeProvider.System, logs.CreateLogger<TriggerService>());
        var triggering = triggers.RunAsync(draining);
        await queue.RunAsync(draining, stopping.Token);
        await triggering;
        await sent.CancelAsync();
        await sending;
        await api.StopAsync(CancellationToken.None);
        return ExitCodes.Done;
    }
}
