using System.CommandLine;
using System.CommandLine.Parsing;
using Ringfence.App.Cli;
using Ringfence.Client;
using Ringfence.Runs;

namespace Ringfence.App.Remote;

/// <summary>
/// <c>--server URL --key KEY</c> (or <c>RINGFENCE_SERVER</c>, <c>RINGFENCE_API_KEY</c>): commands work against a server instead of the store of this machine,
/// with the same words, views and JSON.
/// </summary>
internal static class RemoteServer
{
    public static readonly Option<string?> ServerOption = new("--server")
    {
        Description = "Work against a server instead of this machine. Default: $RINGFENCE_SERVER.",
        Recursive = true,
        HelpName = "URL",
    };

    public static readonly Option<string?> KeyOption = new("--key")
    {
        Description = "API key for --server. Default: $RINGFENCE_API_KEY, which no process list shows.",
        Recursive = true,
        HelpName = "KEY",
    };

    /// <summary>The exit code, when a server was named and the command is one for it; null when it is for this machine.</summary>
    public static async Task<int?> TryRunAsync(Terminal terminal, ParseResult parsed, CancellationToken cancellationToken)
    {
        var named = parsed.GetValue(ServerOption);
        var server = named ?? Environment.GetEnvironmentVariable("RINGFENCE_SERVER");
        var words = Words(parsed.CommandResult);

        if (string.IsNullOrEmpty(server) || parsed.Action is not null and not System.CommandLine.Invocation.AsynchronousCommandLineAction
            || named is null && LocalCommands.WhyNot(words[..1]) is not null)
        {
            return null;
        }

        var failures = new List<Failure>();
        var command = RemoteCommands.Find(words);
        // By its name: `audit verify` has a --key of its own, and with a server that is the server's.
        var key = parsed.GetValue<string?>("--key") ?? Environment.GetEnvironmentVariable("RINGFENCE_API_KEY");

        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            failures.Add(new Failure("bad_server", $"--server cannot be '{Printable.Escape(server)}'.", "Such as https://ringfence.example.com."));
        }
        else if (address is { Scheme: "http", IsLoopback: false })
        {
            failures.Add(new Failure("bad_server", "Over http to another machine everybody on the way could read the key.", "Use https."));
        }

        if (string.IsNullOrEmpty(key))
        {
            failures.Add(new Failure("no_key", "--server needs a key.", "RINGFENCE_API_KEY=rf_live_… or --key."));
        }

        if (command is null)
        {
            failures.Add(new Failure("local_command", $"`{string.Join(' ', words.Prepend("ringfence").Distinct())}` works on this machine alone: {LocalCommands.WhyNot(words)}.", "Leave out --server. `ringfence help server` lists what asks a server."));
        }
        else
        {
            failures.AddRange(Typed(parsed.CommandResult).Except(command.Options).Select(option => new Failure(
                "local_option", $"{option} works on this machine alone.", $"With a server: {string.Join(", ", command.Options)}.")));
        }

        if (failures.Count > 0)
        {
            terminal.WriteFailures(failures);
            return ExitCodes.BadInput;
        }

        using var client = new RingfenceClient(address!, key!);

        try
        {
            return await command!.RunAsync(new RemoteCall(terminal, parsed, client), cancellationToken);
        }
        catch (RingfenceException refused)
        {
            terminal.WriteFailures(refused.Problem.Errors is { Count: > 0 } errors
                ? [.. errors.Select(error => new Failure(error.Code, error.Message, error.Hint))]
                : [new Failure(refused.Problem.Code, refused.Problem.Detail, refused.Problem.Hint)]);
            return refused.Problem.Status is 0 or >= 500 ? ExitCodes.Environment : ExitCodes.BadInput;
        }
    }

    private static List<string> Words(CommandResult command)
    {
        var words = new List<string>();

        for (SymbolResult? at = command; at is CommandResult { Command: not RootCommand } one; at = one.Parent)
        {
            words.Insert(0, one.Command.Name);
        }

        return words.Count > 0 ? words : ["ringfence"];
    }

    /// <summary>Options that were typed, but for those that name the server.</summary>
    private static IEnumerable<string> Typed(CommandResult command) => command.Children.OfType<OptionResult>()
        .Where(option => !option.Implicit).Select(option => option.Option.Name).Where(name => name is not ("--server" or "--key"));
}

/// <summary>One command line against one server.</summary>
internal sealed record RemoteCall(Terminal Terminal, ParseResult Parsed, RingfenceClient Client)
{
    public bool Json => Parsed.GetValue<bool>("--json");

    public T? Value<T>(string name) => Parsed.GetValue<T>(name);

    /// <summary>A default is no word of the user's: the server has its own.</summary>
    public bool Typed(string name) => Parsed.GetResult(name) is OptionResult { Implicit: false };

    /// <summary>The whole id of the run that was named by a start of it, or by <c>last</c>.</summary>
    public async Task<string> RunAsync(string argument, CancellationToken cancellationToken)
    {
        var start = (Value<string>(argument) ?? "").ToLowerInvariant();

        if (start.Length == 16)
        {
            return start;
        }

        var isNewest = start == RunId.Newest;
        var found = (await Client.ListRunsAsync(isNewest ? new Dictionary<string, string> { ["limit"] = "1" } : new Dictionary<string, string> { ["search"] = start, ["limit"] = "100" }, cancellationToken)).Data
            .Where(run => isNewest || run.Id.StartsWith(start, StringComparison.Ordinal)).ToList();

        return found is [var one] ? one.Id : throw new RingfenceException(new ProblemInfo(
            found.Count == 0 ? "unknown_run" : "ambiguous_run", found.Count == 0 ? $"There is no run '{Printable.Escape(start)}'." : $"'{start}' is the start of several runs.",
            404, "`ringfence runs` lists them; `last` is the newest.", null, null));
    }
}
