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
        var listen = new Option<string?>("--listen") { Description = "Address and port. Default 127.0.0.1:4000.", HelpName = "ADDRESS:PORT" };
        var config = new Option<string?>("--config") { Description = "A YAML file with upstreams, address and limits. Flags count instead of what it says.", HelpName = "FILE" };

        var command = new Command(
            "gateway",
            """
            Runs the model gateway alone: keys with budgets, every wire, several replicas on one database.

            Examples:
              ringfence gateway --upstream anthropic=https://api.anthropic.com --upstream-key anthropic=env:ANTHROPIC_API_KEY
              ringfence gateway --config gateway.yaml --database postgres://ringfence@db/ringfence
              ringfence gateway keys create --name ci --budget 20 --per month
              ringfence gateway usage --by team
            """) { listen, config };

        foreach (var option in upstreams.All)
        {
            command.Add(option);
        }

        command.Add(GatewayKeysCommand.Create(terminal));
        command.Add(GatewayUsageCommand.Create(terminal));
        command.WithHome(terminal, (parsed, home, cancellationToken) => RunAsync(
            terminal, home, Options(home, parsed.GetValue(config), parsed.GetValue(listen), upstreams.Read(parsed), upstreams.IsNamed(parsed)), cancellationToken));

        return command;
    }

    /// <summary>The file, and what the command line says instead; every error of both.</summary>
    private static Result<GatewayOptions> Options(
        Home home, string? config, string? listen, Result<IReadOnlyList<Upstream>> upstreams, bool upstreamsAreNamed)
    {
        var file = config is null ? new GatewayOptions() : Read(config);
        var failures = new List<Failure>([.. file.Failures, .. upstreams.Failures]);
        var address = new IPEndPoint(IPAddress.Loopback, 4000);

        if (listen is not null && !IPEndPoint.TryParse(listen, out address))
        {
            failures.Add(new Failure("bad_listen", $"'{listen}' is not an address and a port.", "Write --listen 127.0.0.1:4000."));
        }

        if (failures.Count > 0)
        {
            return Result.Fail<GatewayOptions>(failures);
        }

        var options = file.Value with
        {
            Listen = listen is null ? file.Value.Listen ?? address : address,
            Upstreams = file.Value.Upstreams.Count == 0 || upstreamsAreNamed ? upstreams.Value : file.Value.Upstreams,
        };

        if (options.Upstreams.Count == 0)
        {
            failures.Add(new Failure("no_upstream", "No server for model calls is known.", "Give --upstream anthropic=URL, or set ANTHROPIC_API_KEY."));
        }

        var setup = GatewaySetup.In(home, options);
        failures.AddRange([.. ModelGateway.Check(options), .. setup.Failures]);
        return failures.Count > 0 ? Result.Fail<GatewayOptions>(failures) : setup;
    }

    private static Result<GatewayOptions> Read(string path)
    {
        try
        {
            return GatewayFile.Read(File.ReadAllText(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Failure("bad_gateway_file", $"{path} cannot be read: {exception.Message}");
        }
    }

    private static async Task<int> RunAsync(Terminal terminal, Home home, Result<GatewayOptions> setup, CancellationToken cancellationToken)
    {
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
