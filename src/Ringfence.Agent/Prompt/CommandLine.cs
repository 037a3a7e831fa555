namespace Ringfence.Agent.Prompt;

/// <summary>Reads the command line by hand: its grammar is Claude Code's, and a library would cost more start-up time than the rest of the program.</summary>
internal static class CommandLine
{
    public static (AgentOptions Options, IReadOnlyList<Failure> Failures) Parse(IReadOnlyList<string> arguments)
    {
        var options = new AgentOptions();
        var failures = new List<Failure>();
        var words = new List<string>();

        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];

            if (argument == "--")
            {
                words.AddRange(arguments.Skip(i + 1));
                break;
            }

            if (!argument.StartsWith('-') || argument.Length == 1)
            {
                words.Add(argument);
                continue;
            }

            var equals = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
            var name = equals < 0 ? argument : argument[..equals];
            var value = equals < 0 ? null : argument[(equals + 1)..];

            if (CommandFlags.Find(name) is not { } flag)
            {
                options.Unknown.Add(name);

                // Whether an unknown flag takes a value cannot be known; a word after it is taken for one, as it cannot be a prompt of a driving program.
                i += value is null && i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-') && IsDriven(arguments) ? 1 : 0;
                continue;
            }

            i = Apply(flag, name, value, arguments, i, options, failures);
        }

        options.Prompt = words.Count > 0 ? string.Join(' ', words) : null;
        Check(options, failures);
        return (options, failures);
    }

    private static bool IsDriven(IReadOnlyList<string> arguments) =>
        arguments.Contains("--input-format=stream-json") || arguments.Zip(arguments.Skip(1)).Any(p => p is ("--input-format", "stream-json"));

    private static int Apply(CommandFlag flag, string name, string? value, IReadOnlyList<string> arguments, int i, AgentOptions options, List<Failure> failures)
    {
        void Set(string v)
        {
            if (flag.Apply(options, v) is { } wrong)
            {
                failures.Add(new Failure("bad_option", $"error: option '{name}' argument '{v}' is invalid. {wrong}"));
            }
        }

        switch (flag.Takes)
        {
            case Takes.Nothing:
                Set(value ?? "");
                return i;

            case Takes.Maybe when value is null && (i + 1 >= arguments.Count || arguments[i + 1].StartsWith('-')):
                Set("");
                return i;

            case Takes.Several when value is null:
                var from = i + 1;

                for (; i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-'); i++)
                {
                    Set(arguments[i + 1]);
                }

                if (i + 1 == from)
                {
                    failures.Add(new Failure("missing_value", $"error: option '{name}' argument missing"));
                }

                return i;

            case var _ when value is not null:
                Set(value);
                return i;

            case var _ when i + 1 < arguments.Count:
                Set(arguments[i + 1]);
                return i + 1;

            default:
                failures.Add(new Failure("missing_value", $"error: option '{name}' argument missing"));
                return i;
        }
    }

    private static void Check(AgentOptions o, List<Failure> failures)
    {
        var driven = o.InputFormat == "stream-json";

        if (!driven)
        {
            failures.AddRange(o.Unknown.Select(u => new Failure("unknown_option", $"error: unknown option '{u}'", "ringfence-agent --help lists the options.")));
        }

        if (driven && o.OutputFormat != "stream-json")
        {
            failures.Add(new Failure("bad_option", "Error: --input-format=stream-json requires --output-format=stream-json."));
        }

        if (o.OutputFormat == "stream-json" && !o.Verbose && (o.Print || driven))
        {
            failures.Add(new Failure("bad_option", "Error: When using --print, --output-format=stream-json requires --verbose"));
        }

        if (o.IncludePartialMessages && o.OutputFormat != "stream-json")
        {
            failures.Add(new Failure("bad_option", "Error: --include-partial-messages requires --print and --output-format=stream-json."));
        }

        if (o.ForkSession && o.Resume is null && !o.Continue)
        {
            failures.Add(new Failure("bad_option", "Error: --fork-session needs --resume or --continue."));
        }

        if (o.SessionId is not null && (o.Resume is not null || o.Continue) && !o.ForkSession)
        {
            failures.Add(new Failure("bad_option", "Error: --session-id can only be used with --continue or --resume if --fork-session is also specified."));
        }
    }
}
