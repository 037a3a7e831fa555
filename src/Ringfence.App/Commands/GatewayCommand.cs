using System.CommandLine;
using System.Net;
using Ringfence.App.Cli;
using Ringfence.Gateway;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence gateway</c>: the model gateway alone, for people who want only that. Callers need a key.</summary>
internal static class GatewayCommand
{
    public static Command Create(Terminal terminal)
    {
        var upstreams = new UpstreamOptions();
        var listen = new Option<string>("--listen")
        {
            Description = "Address and port. Default 127.0.0.1:4000.",
            HelpName = "ADDRESS:PORT",
            DefaultValueFactory = _ => "127.0.0.1:4000",
        };

        var command = new Command("gateway", "Runs the model gateway alone: keys with budgets, every wire, several replicas on one database.") { listen };

        foreach (var option in upstreams.All)
        {
            command.Add(option);
        }

        command.Add(GatewayKeysCommand.Create(terminal));
        command.Add(GatewayKeysCommand.Usage(terminal));
        command.WithHome(terminal, (parsed, home, cancellationToken) =>
            RunAsync(terminal, home, parsed.GetRequiredValue(listen), upstreams.Read(parsed), cancellationToken));

        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, Home home, string listen, Result<IReadOnlyList<Upstream>> upstreams, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>(upstreams.Failures);

        if (!IPEndPoint.TryParse(listen, out var address))
        {
            failures.Add(new Failure("bad_listen", $"'{listen}' is not an address and a port.", "Write --listen 127.0.0.1:4000."));
        }

        if (failures.Count == 0 && upstreams.Value.Count == 0)
        {
            failures.Add(new Failure("no_upstream", "No server for model calls is known.", "Give --upstream anthropic=URL, or set ANTHROPIC_API_KEY."));
        }

        var setup = failures.Count > 0
            ? Result.Fail<GatewayOptions>(failures)
            : GatewaySetup.In(home, new GatewayOptions { Upstreams = upstreams.Value, Listen = address });

        if (!setup.Succeeded(out var options, out var why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.BadInput;
        }

        // The other half of inline scheduling; one without the other gains nothing. Read by the runtime at its first socket.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

        if (!(await ModelGateway.StartAsync(options, TimeProvider.System, cancellationToken)).Succeeded(out var gateway, out why))
        {
            terminal.WriteFailures(why);
            return ExitCodes.Environment;
        }

        await using (gateway)
        {
            terminal.WriteJson(new ListeningView($"http://{gateway.Address}", Environment.ProcessId), GatewayJson.Default.ListeningView);
            await terminal.Output.FlushAsync(cancellationToken);

            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                terminal.Error.WriteLine("Stopping: calls in flight are cut and settled.");
            }
        }

        return ExitCodes.Done;
    }
}
