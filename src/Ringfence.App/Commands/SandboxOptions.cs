using System.CommandLine;
using System.Text.Unicode;
using Ringfence.Sandboxes;

namespace Ringfence.App.Commands;

/// <summary>What <c>ringfence sandbox</c> was asked for.</summary>
/// <param name="Repository">The folder seen as the workspace; null for an empty one.</param>
/// <param name="WriteThrough">Whether its changes reach that folder at the end.</param>
/// <param name="Record">Where the events go; null for nowhere that lasts.</param>
internal sealed record SandboxRequest(SandboxSpec Spec, string? Repository, bool WriteThrough, string? Record, bool Json);

/// <summary>The flags of <c>ringfence sandbox</c>.</summary>
internal sealed class SandboxOptions
{
    private readonly Option<string?> repo = new("--repo") { Description = "Folder to work on, as it is. Changes are kept apart from it.", HelpName = "DIR" };
    private readonly Option<bool> writeThrough = new("--write-through") { Description = "Bring the changes into the folder at the end." };
    private readonly Option<string?> record = new("--record") { Description = "New file for every command, connection and ending, as JSON Lines.", HelpName = "FILE" };
    private readonly InsideOptions inside = new();
    private readonly LimitOptions limits = new();
    private readonly Option<string?> timeout = new("--timeout") { Description = "Wall time.", HelpName = "TIME" };
    private readonly Option<bool> json = new("--json") { Description = "End with a JSON summary on standard output; what the command prints goes to standard error." };

    public IEnumerable<Option> All => [repo, writeThrough, record, .. inside.All, .. limits.All, timeout, json];

    public Argument<string[]> Command { get; } = new("command") { Description = "The command and its arguments, after --.", Arity = ArgumentArity.OneOrMore };

    public SandboxRequest Read(ParseResult parsed, List<Failure> failures)
    {
        var folder = parsed.GetValue(repo);

        if (folder is not null && !Directory.Exists(folder))
        {
            failures.Add(new Failure("bad_repo", $"--repo: there is no folder {folder}."));
        }

        if (folder is null && parsed.GetValue(writeThrough))
        {
            failures.Add(new Failure("bad_write_through", "--write-through needs --repo.", "Name the folder that the changes shall reach."));
        }

        if (parsed.GetValue(record) is { } file && Path.Exists(file))
        {
            failures.Add(Directory.Exists(file)
                ? new Failure("record_exists", $"--record: {file} is a folder.", "Name a new file in it.")
                : new Failure("record_exists", $"--record: {file} exists.", "Two records in one file are none; name a new one."));
        }

        if (!Utf8.IsValid(File.ReadAllBytes("/proc/self/cmdline")))
        {
            failures.Add(new Failure("bad_arguments", "An argument is not UTF-8, and would not reach the command as it is.", "Let a shell inside make it: ringfence sandbox -- bash -c \"cat $'caf\\xe9'\"."));
        }

        // A terminal only where one is on both sides: a pipe must get exactly what the command writes.
        var terminal = !Console.IsInputRedirected && !Console.IsOutputRedirected && !parsed.GetValue(json);
        var spec = new SandboxSpec
        {
            Command = parsed.GetRequiredValue(Command),
            Environment = Variables(parsed, failures, terminal),
            Mounts = inside.Mounts(parsed, failures),
            Limits = limits.Read(parsed, failures) with { OutputBytes = 0, WallTime = Time(parsed.GetValue(timeout), failures) },
            Doors = SandboxDoors.Egress,
            Terminal = terminal ? StandardStreams.SizeOfOurs() : null,
        };

        return new SandboxRequest(spec, folder is null ? null : Path.GetFullPath(folder), parsed.GetValue(writeThrough), parsed.GetValue(record), parsed.GetValue(json));
    }

    private Dictionary<string, string> Variables(ParseResult parsed, List<Failure> failures, bool terminal)
    {
        var variables = inside.Variables(parsed, failures);

        if (terminal && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } kind)
        {
            variables.TryAdd("TERM", kind);
        }

        return variables;
    }

    private static TimeSpan? Time(string? text, List<Failure> failures)
    {
        if (text is null || (Duration.TryParse(text, out var time) && time > TimeSpan.Zero))
        {
            return text is null ? null : Duration.TryParse(text, out time) ? time : null;
        }

        failures.Add(new Failure("bad_limit", $"--timeout cannot be '{text}'.", "A time such as 30s or 10m."));
        return null;
    }
}
