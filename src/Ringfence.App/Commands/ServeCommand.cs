using System.CommandLine;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Ringfence.Access;
using Ringfence.App.Api;
using Ringfence.App.Cli;
using Ringfence.Runs;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence serve</c>: the API, and the runs that it is asked for.</summary>
internal static class ServeCommand
{
    public static Command Create(Terminal terminal)
    {
        var listen = new Option<string>("--listen") { Description = "Address and port of the API.", HelpName = "ADDRESS:PORT", DefaultValueFactory = _ => "127.0.0.1:7480" };
        var most = new Option<int>("--max-runs") { Description = "Runs at once in this process.", DefaultValueFactory = _ => 4 };
        var perRepository = new Option<int>("--max-runs-per-repo") { Description = "Runs at once of one repository.", DefaultValueFactory = _ => 2 };
        var roots = new Option<string[]>("--repo-root") { Description = "Folder below which callers may name repositories by path. Repeatable. Default: URLs only.", HelpName = "PATH" };
        var drain = new Option<string>("--drain-time") { Description = "After SIGTERM, how long runs may go on before they are put back into the queue.", HelpName = "TIME", DefaultValueFactory = _ => "30s" };
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
            """) { listen, most, perRepository, roots, drain };

        foreach (var option in upstreams.All)
        {
            command.Add(option);
        }

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var servers = upstreams.Read(parsed);
            List<Failure> failures = [.. servers.Failures];

            if (!IPEndPoint.TryParse(parsed.GetRequiredValue(listen), out var address))
            {
                failures.Add(new Failure("bad_listen", $"--listen cannot be '{parsed.GetRequiredValue(listen)}'.", "Such as 127.0.0.1:7480."));
            }

            if (parsed.GetValue(most) is < 1 or > 1000 || parsed.GetValue(perRepository) is < 1 or > 1000)
            {
                failures.Add(new Failure("bad_limit", "--max-runs and --max-runs-per-repo are 1 to 1000."));
            }

            if (!Duration.TryParse(parsed.GetRequiredValue(drain), out var patience) || patience > TimeSpan.FromHours(24))
            {
                failures.Add(new Failure("bad_limit", $"--drain-time cannot be '{parsed.GetRequiredValue(drain)}'.", "A time of at most 24h, such as 30s or 10m."));
            }

            if (failures.Count > 0)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            if (!(await RunHost.StartAsync(home, servers.Value, cancellationToken)).Succeeded(out var host, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.BadInput;
            }

            await using var _ = host;
            using var logs = LoggerFactory.Create(logging => logging.AddJsonConsole(console => console.UseUtcTimestamp = true)
                .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
            var queue = new RunQueue(
                home.Runs, home.Supervisor, home.Workspaces, (request, token) => host.PrepareAsync(request, home.Folder, token), parsed.GetValue(most),
                parsed.GetValue(perRepository), TimeProvider.System, logs.CreateLogger<RunQueue>());

            return await ServeAsync(terminal, home, queue, address!, parsed.GetValue(roots) ?? [], patience, cancellationToken);
        });

        return command;
    }

    private static async Task<int> ServeAsync(
        Terminal terminal, Home home, RunQueue queue, IPEndPoint listen, IReadOnlyList<string> roots, TimeSpan patience, CancellationToken draining)
    {
        await using var api = ApiHost.Build(listen, home, queue, [.. roots.Select(Path.GetFullPath)]);

        try
        {
            await api.StartAsync(draining);
        }
        catch (IOException taken)
        {
            terminal.WriteFailures([new Failure("bad_listen", $"Cannot listen on {listen}: {taken.Message}", "Another port: --listen 127.0.0.1:0")]);
            return ExitCodes.Environment;
        }

        if (await new ApiKeyStore(home.Database, TimeProvider.System).CreateFirstAsync(draining) is { } secret)
        {
            terminal.WriteLine($"Admin key, shown once: {secret}");
        }

        terminal.WriteLine($"Serving on {string.Join(", ", api.Urls)}");
        await terminal.Output.FlushAsync(draining);

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Interrupt.Insisted);
        await using var drained = draining.Register(() => stopping.CancelAfter(patience));
        await queue.RunAsync(draining, stopping.Token);
        await api.StopAsync(CancellationToken.None);
        return ExitCodes.Done;
    }
}
